//! The picture: small, opaque, readable, and never a panic.

use super::super::font::Font;
use super::svg::{ACTUAL, PREVIOUS, TARGET, draw, inks};
use super::{chart_png, samples};
use crate::report::attach::sample::{chart, drawn, line};
use crate::report::page::{Chart, LineKind, Unit};

/// Width, height and the colour of every pixel.
fn decoded(bytes: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb, "nothing is transparent");
    (info.width, info.height, pixels.chunks_exact(3).map(|rgb| [rgb[0], rgb[1], rgb[2]]).collect())
}

#[test]
fn every_picture_is_small_opaque_and_not_blank() {
    for (name, chart) in samples() {
        let bytes = chart_png(&chart).unwrap();
        assert!(bytes.len() <= 60 * 1024, "{name}: {} bytes", bytes.len());
        let (width, height, pixels) = decoded(&bytes);
        assert_eq!((width, height), (1_200, 600), "{name}");
        assert_eq!(pixels[0], [255; 3], "{name}: the background is white");
        let inked = pixels.iter().filter(|pixel| **pixel != [255; 3]).count();
        assert!((2_000..200_000).contains(&inked), "{name}: {inked} pixels are inked");
    }
}

#[test]
fn words_are_drawn() {
    let (_, _, one) = decoded(&chart_png(&chart()).unwrap());
    let (_, _, other) = decoded(&chart_png(&Chart { title: "Judul lain".to_owned(), ..chart() }).unwrap());
    let differ: Vec<usize> = (0..one.len()).filter(|at| one[*at] != other[*at]).map(|at| at / 1_200).collect();
    assert!(differ.len() > 2_000, "only {} pixels differ", differ.len());
    assert!(*differ.iter().max().unwrap() < 100, "only the title differs");
}

#[test]
fn a_gap_is_not_bridged() {
    let gap = |points: &[&str]| {
        draw(&drawn("t", Unit::Percent, &["a", "b", "c", "d", "e"], vec![line("n", LineKind::Target, points)]))
    };
    let paths = |svg: &str| svg.matches("stroke-dasharray=\"90 50\"").count();
    let dots = |svg: &str| svg.matches("<circle").count();
    let whole = gap(&["1", "2", "3", "4", "5"]);
    assert_eq!((paths(&whole), dots(&whole)), (1, 0));
    let broken = gap(&["1", "2", "", "4", "5"]);
    assert_eq!((paths(&broken), dots(&broken)), (2, 0));
    let alone = gap(&["", "2", "", "4", "5"]);
    assert_eq!((paths(&alone), dots(&alone)), (1, 1), "a figure between gaps is seen");
}

#[test]
fn without_figures_the_picture_says_so() {
    for (_, chart) in samples().into_iter().filter(|(name, _)| name.starts_with("none")) {
        let svg = draw(&chart);
        assert!(svg.contains("Belum ada data") && !svg.contains("<circle"), "{svg}");
    }
}

#[test]
fn words_from_outside_are_no_markup() {
    let svg = draw(&Chart { title: "<script>&\"🎉".to_owned(), ..chart() });
    assert!(svg.contains("&lt;script&gt;&amp;\"□"), "{svg}");
}

/// Where a text of the drawing stands: left, right, top, bottom, in tenths of a pixel.
fn boxes(svg: &str) -> Vec<(String, [i32; 4])> {
    let attribute = |text: &str, name: &str| {
        let from = text.split_once(&format!(" {name}=\"")).unwrap().1;
        from.split_once('"').unwrap().0.to_owned()
    };
    let place = |text: &str| {
        let (head, rest) = text.split_once('>').unwrap();
        let words = html_escape::decode_html_entities(rest.split_once("</text>").unwrap().0).into_owned();
        let number = |name: &str| attribute(head, name).parse::<i32>().unwrap();
        let (x, y, size) = (number("x"), number("y"), number("font-size"));
        let bold = attribute(head, "font-weight") == "bold";
        let width = if bold { Font::bold(size) } else { Font::regular(size) }.width(&words);
        let left = match attribute(head, "text-anchor").as_str() {
            "start" => x,
            "middle" => x - width / 2,
            _ => x - width,
        };
        (words, [left, left + width, y - size * 73 / 100, y + size / 5])
    };
    svg.split("<text").skip(1).map(place).collect()
}

#[test]
fn no_words_collide_or_leave_the_picture() {
    for (name, chart) in samples() {
        let boxes = boxes(&draw(&chart));
        for (index, (words, [left, right, top, bottom])) in boxes.iter().enumerate() {
            assert!(*left >= 0 && *right <= 6_000 && *top >= 0 && *bottom <= 3_000, "{name}: {words} leaves");
            for (other, [left2, right2, top2, bottom2]) in &boxes[index + 1..] {
                let apart = right <= left2 || right2 <= left || bottom <= top2 || bottom2 <= top;
                assert!(apart, "{name}: {words:?} lies on {other:?}");
            }
        }
    }
}

/// The contrast of a colour against white, by WCAG 2.
fn contrast(ink: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&ink[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    1.05 / (0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) + 0.05)
}

#[test]
fn inks_are_seen_on_white() {
    for ink in ACTUAL.iter().chain(&PREVIOUS).chain(&TARGET) {
        assert!(contrast(ink.line) >= 3.0, "{} has {:.2}", ink.line, contrast(ink.line));
        assert!(contrast(ink.words) >= 4.5, "{} has {:.2}", ink.words, contrast(ink.words));
    }
    let lines: Vec<&str> = inks(&chart()).iter().map(|ink| ink.line).collect();
    assert!(lines[0] != lines[1] && lines[1] != lines[2] && lines[0] != lines[2]);
    assert!(contrast(ACTUAL[0].line) > 2.0 * contrast(PREVIOUS[0].line), "dark and light are told apart");
}
