//! The drawing: heading, grid, lines, labels at their ends. All lengths are tenths of a pixel.

use super::super::font::{FAMILY, Font, Weight, printable};
use super::super::{CHART_HEIGHT, CHART_WIDTH};
use super::axis::{Axis, printed};
use super::labels::apart;
use crate::report::amount::Amount;
use crate::report::page::{Chart, Line, LineKind};
use std::fmt::Write;

const WIDTH: i32 = CHART_WIDTH as i32 * 10;
const HEIGHT: i32 = CHART_HEIGHT as i32 * 10;
const MARGIN: i32 = 160;
const TITLE: Font = Font::bold(170);
const SUBTITLE: Font = Font::regular(130);
const SMALL: Font = Font::regular(130);
const NAME: Font = Font::regular(130);
const VALUE: Font = Font::bold(130);
/// From one line of small text to the next.
const LEADING: i32 = 155;
/// The widest label at a line's end.
const LABEL_WIDTH: i32 = 1_300;
/// From the end of a line to its label.
const LABEL_GAP: i32 = 190;

const TITLE_INK: &str = "#12355b";
const TEXT_INK: &str = "#4a4a4a";
const GRID_INK: &str = "#dfe3e8";
const ZERO_INK: &str = "#767c84";

/// How a line and its label are inked; a line needs 3:1 against white, words 4.5:1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) line: &'static str,
    pub(super) words: &'static str,
    width: i32,
    dashed: bool,
}

const fn ink(line: &'static str, words: &'static str, width: i32, dashed: bool) -> Ink {
    Ink { line, words, width, dashed }
}

/// What happened: dark and solid. A second and third differ in hue and lightness, also to colour-blind eyes.
pub(super) const ACTUAL: [Ink; 3] = [
    ink("#12355b", "#12355b", 34, false),
    ink("#0079b8", "#006ba3", 34, false),
    ink("#8f3b00", "#8f3b00", 34, false),
];
/// The year before: light.
pub(super) const PREVIOUS: [Ink; 2] = [ink("#8a919a", "#5f6670", 26, false), ink("#a1887a", "#6f5a4e", 26, false)];
/// The plan: dashed.
pub(super) const TARGET: [Ink; 2] = [ink("#b4540a", "#a34a08", 24, true), ink("#7d5ba6", "#6b4a94", 24, true)];

/// Where the lines are drawn.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

impl Frame {
    fn height(self) -> i32 {
        self.bottom - self.top
    }

    /// The middle of a point's place among `count`.
    fn x(self, index: usize, count: usize) -> i32 {
        let (index, count) = (index as i32, count as i32);
        match count {
            0 | 1 => (self.left + self.right) / 2,
            _ => self.left + (self.right - self.left) * index / (count - 1),
        }
    }
}

/// The chart as SVG.
pub(super) fn draw(chart: &Chart) -> String {
    let mut out = Svg::new();
    let top = heading(&mut out, chart);
    let figures = || chart.lines.iter().flat_map(|line| line.points.iter().take(chart.labels.len()).flatten());
    if figures().next().is_none() {
        out.text((WIDTH / 2, (top + HEIGHT) / 2), Anchor::Middle, SMALL, TEXT_INK, "Belum ada data untuk digambar");
        return out.finish();
    }
    let axis = Axis::of(figures().copied(), chart.unit);
    let ends: Vec<End> = ends(chart);
    let frame = frame(&axis, &ends, chart, top);
    grid(&mut out, &axis, frame);
    months(&mut out, &chart.labels, frame);
    let count = chart.labels.len();
    // What matters most is drawn last, on top of the others.
    for kind in [LineKind::Previous, LineKind::Target, LineKind::Actual] {
        for (line, ink) in chart.lines.iter().zip(inks(chart)).filter(|(line, _)| line.kind == kind) {
            let at = |index, figure| (frame.x(index, count), frame.bottom - axis.place(figure, frame.height()));
            let places = line.points.iter().take(count).enumerate();
            let places: Vec<Option<(i32, i32)>> =
                places.map(|(index, figure)| figure.map(|figure| at(index, figure))).collect();
            path(&mut out, &places, ink, kind);
        }
    }
    place_labels(&mut out, &ends, &axis, (frame, count));
    out.finish()
}

/// Title and subtitle; gives where the rest begins.
fn heading(out: &mut Svg, chart: &Chart) -> i32 {
    let width = WIDTH - 2 * MARGIN;
    let mut y = MARGIN;
    for line in TITLE.wrap_at_most(&printable(&chart.title), width, 2) {
        y += TITLE.size;
        out.text((MARGIN, y), Anchor::Start, TITLE, TITLE_INK, line.trim_end());
        y += 40;
    }
    for line in SUBTITLE.wrap_at_most(&printable(&chart.subtitle), width, 2) {
        y += SUBTITLE.size;
        out.text((MARGIN, y), Anchor::Start, SUBTITLE, TEXT_INK, line.trim_end());
        y += 30;
    }
    y
}

/// The ink of each line: by its kind, and by how many of the kind stand before it.
pub(super) fn inks(chart: &Chart) -> Vec<Ink> {
    let mut inks = Vec::with_capacity(chart.lines.len());
    for (index, line) in chart.lines.iter().enumerate() {
        let before = chart.lines[..index].iter().filter(|other| other.kind == line.kind).count();
        inks.push(match line.kind {
            LineKind::Actual => ACTUAL[before % ACTUAL.len()],
            LineKind::Previous => PREVIOUS[before % PREVIOUS.len()],
            LineKind::Target => TARGET[before % TARGET.len()],
        });
    }
    inks
}

/// The end of a line and what stands there.
struct End {
    index: usize,
    figure: Amount,
    name: Vec<String>,
    value: Vec<String>,
    ink: Ink,
}

impl End {
    fn width(&self) -> i32 {
        let name = self.name.iter().map(|line| NAME.width(line.trim_end()));
        name.chain(self.value.iter().map(|line| VALUE.width(line.trim_end()))).max().unwrap_or(0)
    }

    fn height(&self) -> i32 {
        (self.name.len() + self.value.len()) as i32 * LEADING + 40
    }
}

/// The ends of all lines that have a figure.
fn ends(chart: &Chart) -> Vec<End> {
    let end = |(line, ink): (&Line, Ink)| {
        let points = line.points.iter().take(chart.labels.len()).enumerate();
        let (index, figure) = points.filter_map(|(index, figure)| Some((index, (*figure)?))).next_back()?;
        let name = NAME.wrap_at_most(&printable(&line.name), LABEL_WIDTH, 2);
        // Between figure and word only, and only where both are too wide together.
        let value = VALUE.wrap(&printed(figure, chart.unit).replace('\u{a0}', " "), LABEL_WIDTH);
        Some(End { index, figure, name, value, ink })
    };
    chart.lines.iter().zip(inks(chart)).filter_map(end).collect()
}

/// Room for the widest tick on the left, the widest label on the right, the months below.
fn frame(axis: &Axis, ends: &[End], chart: &Chart, top: i32) -> Frame {
    let ticks = axis.ticks(0).iter().map(|tick| SMALL.width(&tick.label)).max().unwrap_or(0);
    let labels = ends.iter().map(End::width).max().unwrap_or(0);
    let half = |label: Option<&String>| label.map_or(0, |label| month_width(label) / 2 + 60);
    let left = MARGIN + ticks + 100;
    let right = WIDTH - MARGIN - (labels + LABEL_GAP).max(half(chart.labels.last()));
    Frame { left: left.max(half(chart.labels.first())), right, top: top + 150, bottom: HEIGHT - 370 }
}

fn grid(out: &mut Svg, axis: &Axis, frame: Frame) {
    for tick in axis.ticks(frame.height()) {
        let y = frame.bottom - tick.at;
        let (ink, width) = if tick.zero { (ZERO_INK, 15) } else { (GRID_INK, 10) };
        out.line((frame.left, y), (frame.right, y), ink, width);
        out.text((frame.left - 70, y + 45), Anchor::End, SMALL, TEXT_INK, &tick.label);
    }
}

/// A month's label, cut where it is far too long.
fn month(label: &str) -> String {
    SMALL.fit(&printable(label), LABEL_WIDTH)
}

fn month_width(label: &str) -> i32 {
    SMALL.width(&month(label))
}

/// Every label, or every second, third ... so that none touches the next; the last always.
fn months(out: &mut Svg, labels: &[String], frame: Frame) {
    let count = labels.len();
    let widest = labels.iter().map(|label| month_width(label)).max().unwrap_or(0) + 80;
    let room = (frame.right - frame.left) / i32::try_from(count.saturating_sub(1).max(1)).unwrap_or(i32::MAX);
    let every = usize::try_from(widest / room.max(1)).unwrap_or(0) + 1;
    for (index, label) in labels.iter().enumerate() {
        if (count - 1 - index).is_multiple_of(every) {
            let at = (frame.x(index, count), HEIGHT - 170);
            out.text(at, Anchor::Middle, SMALL, TEXT_INK, &month(label));
        }
    }
}

/// One line with gaps where there is no figure; a figure between two gaps is a dot, and an actual line ends in one.
fn path(out: &mut Svg, places: &[Option<(i32, i32)>], ink: Ink, kind: LineKind) {
    for stretch in places.split(Option::is_none).filter(|stretch| !stretch.is_empty()) {
        let stretch: Vec<(i32, i32)> = stretch.iter().copied().flatten().collect();
        match stretch.as_slice() {
            [one] => out.dot(*one, ink.line, 40),
            many => out.path(many, ink),
        }
    }
    if let (Some(end), LineKind::Actual) = (places.iter().copied().flatten().last(), kind) {
        out.dot(end, ink.line, 50);
    }
}

/// The labels to the right, each level with its line's end or as near as the others let it, joined by a thin leader.
fn place_labels(out: &mut Svg, ends: &[End], axis: &Axis, (frame, count): (Frame, usize)) {
    let point = |end: &End| (frame.x(end.index, count), frame.bottom - axis.place(end.figure, frame.height()));
    let bounds = (frame.top - 150, frame.bottom + 100);
    // With many lines only the names are printed, on one line each; with even more the last go without.
    let full: Vec<(i32, i32)> = ends.iter().map(|end| (point(end).1, end.height())).collect();
    let short: Vec<(i32, i32)> = ends.iter().map(|end| (point(end).1, LEADING)).collect();
    let fitting = short.len().min(usize::try_from((bounds.1 - bounds.0) / LEADING).unwrap_or(0));
    let (tops, in_full) = match apart(&full, bounds) {
        Some(tops) => (tops, true),
        None => (apart(&short[..fitting], bounds).unwrap_or_default(), false),
    };
    for (end, top) in ends.iter().zip(tops) {
        let (x, y) = point(end);
        let height = if in_full { end.height() } else { LEADING };
        let (left, middle) = (frame.right + LABEL_GAP, top + height / 2);
        if x < frame.right || (middle - y).abs() > 60 {
            out.leader((x + 70, y), frame.right.max(x + 70), (left - 35, middle), end.ink.line);
        }
        let names = if in_full { end.name.clone() } else { vec![NAME.fit(&end.name.concat(), LABEL_WIDTH)] };
        let mut baseline = top + if in_full { 20 } else { 0 } + 120;
        for name in &names {
            out.text((left, baseline), Anchor::Start, NAME, end.ink.words, name.trim_end());
            baseline += LEADING;
        }
        for value in end.value.iter().filter(|_| in_full) {
            out.text((left, baseline), Anchor::Start, VALUE, end.ink.words, value.trim_end());
            baseline += LEADING;
        }
    }
}

/// Which end of a text its x names.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Text of an SVG as it grows.
struct Svg(String);

impl Svg {
    fn new() -> Self {
        let (width, height) = (CHART_WIDTH * 2, CHART_HEIGHT * 2);
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"{FAMILY}\" stroke-linejoin=\"round\" fill=\"none\">\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>"
        ))
    }

    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a String takes any text");
    }

    fn text(&mut self, (x, y): (i32, i32), anchor: Anchor, font: Font, ink: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if font.weight == Weight::Bold { "bold" } else { "normal" };
        let (size, text) = (font.size, html_escape::encode_text(text));
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\" text-anchor=\"{anchor}\" \
             fill=\"{ink}\">{text}</text>"
        ));
    }

    fn line(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32), ink: &str, width: i32) {
        self.add(format_args!("<path d=\"M{x1} {y1}L{x2} {y2}\" stroke=\"{ink}\" stroke-width=\"{width}\"/>"));
    }

    fn path(&mut self, points: &[(i32, i32)], ink: Ink) {
        let steps: Vec<String> = points.iter().map(|(x, y)| format!("{x} {y}")).collect();
        let dashes = if ink.dashed { " stroke-dasharray=\"90 50\"" } else { "" };
        self.add(format_args!(
            "<path d=\"M{}\" stroke=\"{}\" stroke-width=\"{}\"{dashes}/>",
            steps.join("L"),
            ink.line,
            ink.width
        ));
    }

    /// Level from a line's end to the edge, then to the label.
    fn leader(&mut self, (x, y): (i32, i32), edge: i32, (left, middle): (i32, i32), ink: &str) {
        self.add(format_args!(
            "<path d=\"M{x} {y}L{edge} {y}L{left} {middle}\" stroke=\"{ink}\" stroke-width=\"7\"/>"
        ));
    }

    fn dot(&mut self, (x, y): (i32, i32), ink: &str, radius: i32) {
        self.add(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{ink}\"/>"));
    }

    fn finish(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }
}
