//! From the drawing to a small PNG: rasterised by resvg, then stored with a palette, because a chart has few colours.

use super::super::font::{FAMILY, Weight};
use super::super::{CHART_HEIGHT, CHART_WIDTH};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// The file has so many pixels for one px as shown.
const DENSITY: u32 = 2;
/// The largest file.
const BYTES_MAX: usize = 60 * 1024;

/// The bundled font and no other.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for weight in [Weight::Regular, Weight::Bold] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(weight.file())));
    }
    fonts.set_sans_serif_family(FAMILY);
    Arc::new(fonts)
});

/// The picture as PNG, opaque. Fewer colours are tried until the file is small enough.
pub(super) fn png(svg: &str) -> Result<Vec<u8>, String> {
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: FAMILY.to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let (width, height) = (CHART_WIDTH * DENSITY, CHART_HEIGHT * DENSITY);
    let mut pixels = Pixmap::new(width, height).ok_or("no picture of this size")?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    // Nothing is transparent on white, so that premultiplied is plain.
    let colours: Vec<Rgb> = pixels.pixels().iter().map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    let mut bytes = Vec::new();
    for most in [256, 64, 16] {
        bytes = encode(&indexed(&colours, most), (width, height)).map_err(|error| error.to_string())?;
        if bytes.len() <= BYTES_MAX {
            break;
        }
    }
    Ok(bytes)
}

type Rgb = [u8; 3];

/// A picture with a palette.
struct Indexed {
    palette: Vec<u8>,
    pixels: Vec<u8>,
}

/// Reduces the picture to at most `most` colours: colours that share their leading bits become the most frequent of
/// them, so that white and the inks stay exactly what they are.
fn indexed(colours: &[Rgb], most: usize) -> Indexed {
    let mut counts: HashMap<Rgb, usize> = HashMap::new();
    for run in colours.chunk_by(|a, b| a == b) {
        *counts.entry(run[0]).or_default() += run.len();
    }
    let mut counts: Vec<(Rgb, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let (bucket, palette) = (2..=8)
        .rev()
        .map(|bits| palette(&counts, bits))
        .find(|(_, palette)| palette.len() <= most)
        .unwrap_or_else(|| palette(&counts, 1));
    let mut pixels = Vec::with_capacity(colours.len());
    for run in colours.chunk_by(|a, b| a == b) {
        pixels.resize(pixels.len() + run.len(), bucket[&run[0]]);
    }
    Indexed { palette: palette.concat(), pixels }
}

/// Where each colour goes when colours are told apart by their leading `bits`, and the colours that stay.
fn palette(counts: &[(Rgb, usize)], bits: u32) -> (HashMap<Rgb, u8>, Vec<Rgb>) {
    let mut stays: Vec<Rgb> = Vec::new();
    let mut buckets: HashMap<Rgb, usize> = HashMap::new();
    let mut at = HashMap::with_capacity(counts.len());
    for (colour, _) in counts {
        let bucket = colour.map(|channel| channel >> (8 - bits));
        let index = *buckets.entry(bucket).or_insert_with(|| {
            stays.push(*colour);
            stays.len() - 1
        });
        at.insert(*colour, u8::try_from(index).unwrap_or(u8::MAX));
    }
    (at, stays)
}

fn encode(picture: &Indexed, (width, height): (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(picture.palette.as_slice());
    encoder.set_compression(png::Compression::Balanced);
    // Neighbouring numbers of a palette mean nothing, so that no filter helps.
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture.pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::indexed;

    #[test]
    fn the_inks_survive_a_small_palette() {
        let mut colours = vec![[255, 255, 255]; 10_000];
        colours.extend(vec![[27, 42, 65]; 500]);
        colours.extend((0..=255).flat_map(|grey| [[grey, grey, grey], [grey, 255 - grey, 7]]));
        for most in [256, 64, 16] {
            let picture = indexed(&colours, most);
            assert!(picture.palette.len() <= most * 3);
            let at = |pixel: usize| &picture.palette[usize::from(picture.pixels[pixel]) * 3..][..3];
            assert_eq!((at(0), at(10_000)), (&[255, 255, 255][..], &[27, 42, 65][..]));
        }
    }
}
