//! The line chart of a page as a PNG: 600 x 300 px at double density, on white, at most 60 KB.
//!
//! An SVG of ours, drawn in whole tenths of a pixel, is rasterised by resvg with the bundled font alone: the same chart
//! gives the same bytes on every machine. Figures become distances only here; every printed label is exact.

mod axis;
mod labels;
mod raster;
mod svg;

use super::AttachError;
use crate::report::page::Chart;

/// Draws the chart. A chart without figures says so instead of failing.
///
/// # Errors
/// [`AttachError::Chart`] when the drawing cannot be rasterised, which no chart leads to.
pub(crate) fn chart_png(chart: &Chart) -> Result<Vec<u8>, AttachError> {
    raster::png(&svg::draw(chart)).map_err(AttachError::Chart)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
pub(super) use samples::samples;
#[cfg(test)]
mod tests;
