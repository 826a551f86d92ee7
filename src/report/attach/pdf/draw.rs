//! From placed sheets to the file, with krilla. Its lengths are floats: the only ones here, and none is a figure.

use super::super::AttachError;
use super::super::font::{Font as Type, Weight, printable};
use super::sheet::{FOOT, Ink, PAPER, Piece, QUIET, RULE, Shape, Sheets, WIDTH};
use super::tree::{Node, ROOT, Role, Tree};
use crate::report::page::Page;
use chrono::{DateTime as Instant, Datelike, Timelike, Utc};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Configuration, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::{DateTime, Metadata, TextDirection};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, BBox, ContentTag, Identifier, ListNumbering, TableHeaderScope, Tag, TagGroup, TagKind,
    TagTree,
};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Data, Document, SerializeSettings};
use std::num::NonZeroU16;

/// The language of every report.
const LANGUAGE: &str = "id";

/// Writes the document.
pub(super) fn write(
    sheets: &Sheets,
    page: &Page,
    chart: Option<&[u8]>,
    made: Instant<Utc>,
) -> Result<Vec<u8>, AttachError> {
    let mut document = Document::new_with(SerializeSettings { configuration: accessible()?, ..Default::default() });
    let mut pen = Pen {
        fonts: [font(Weight::Regular)?, font(Weight::Bold)?],
        picture: chart
            .map(|png| Image::from_png(Data::from(png.to_vec()), false))
            .transpose()
            .map_err(AttachError::Pdf)?,
        leaves: vec![Vec::new(); sheets.tree.len()],
    };
    let count = sheets.sheets.len();
    let foot = printable(&format!("{} · {}", page.agency, page.title));
    for (index, pieces) in sheets.sheets.iter().enumerate() {
        let settings = PageSettings::from_wh(pt(PAPER.0), pt(PAPER.1)).ok_or_else(|| broken("no such paper"))?;
        let mut paper = document.start_page_with(settings);
        let mut surface = paper.surface();
        pen.sheet(&mut surface, pieces);
        pen.foot(&mut surface, &foot, &format!("Halaman {} dari {count}", index + 1));
        surface.finish();
        paper.finish();
    }
    let mut outline = Outline::new();
    for mark in &sheets.bookmarks {
        let target = XyzDestination::new(mark.sheet, Point::from_xy(0.0, pt(mark.y)));
        outline.push_child(OutlineNode::new(mark.title.clone(), target));
    }
    document.set_outline(outline);
    document.set_tag_tree(pen.tree(&sheets.tree)?);
    document.set_metadata(metadata(page, made));
    document.finish().map_err(|error| AttachError::Pdf(format!("{error:?}")))
}

fn broken(what: &str) -> AttachError {
    AttachError::Pdf(what.to_owned())
}

/// The rules that krilla checks the document against.
fn accessible() -> Result<Configuration, AttachError> {
    ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| AttachError::Pdf(format!("{error:?}")))
}

fn font(weight: Weight) -> Result<Font, AttachError> {
    Font::new(Data::from(weight.file()), 0).ok_or_else(|| broken("the bundled file is no font"))
}

fn metadata(page: &Page, made: Instant<Utc>) -> Metadata {
    let part = |number: u32| u8::try_from(number).unwrap_or(0);
    let date = DateTime::new(u16::try_from(made.year()).unwrap_or(0))
        .month(part(made.month()))
        .day(part(made.day()))
        .hour(part(made.hour()))
        .minute(part(made.minute()))
        .second(part(made.second()))
        .utc_offset_hour(0);
    Metadata::new()
        .title(page.title.clone())
        .description(page.headline.clone())
        .authors(vec![page.agency.clone()])
        .creator("lumbung".to_owned())
        .language(LANGUAGE.to_owned())
        .text_direction(TextDirection::LeftToRight)
        .creation_date(date)
}

/// Thousandths of a point as krilla counts.
fn pt(thousandths: i32) -> f32 {
    thousandths as f32 / 1_000.0
}

fn fill([red, green, blue]: Ink) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }
}

/// Draws, and remembers what belongs to which node.
struct Pen {
    fonts: [Font; 2],
    picture: Option<Image>,
    leaves: Vec<Vec<Identifier>>,
}

impl Pen {
    /// Draws a sheet: neighbours of one node are one piece of content, what has no node is decoration.
    fn sheet(&mut self, surface: &mut Surface<'_>, pieces: &[Piece]) {
        for run in pieces.chunk_by(|a, b| a.node == b.node) {
            let tag = match run[0].node {
                Some(_) => ContentTag::Other,
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
            };
            let identifier = surface.start_tagged(tag);
            for piece in run {
                self.shape(surface, &piece.shape);
            }
            surface.end_tagged();
            if let Some(node) = run[0].node {
                self.leaves[node].push(identifier);
            }
        }
    }

    /// What stands below every sheet.
    fn foot(&self, surface: &mut Surface<'_>, left: &str, right: &str) {
        let small = Type::regular(8_000);
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
        let margin = (PAPER.0 - WIDTH) / 2;
        rectangle(surface, (margin, FOOT - 14_000), (WIDTH, 500), RULE);
        let number = small.width(right);
        self.words(surface, (margin, FOOT), &small.fit(left, WIDTH - number - 20_000), (small, QUIET));
        self.words(surface, (margin + WIDTH - number, FOOT), right, (small, QUIET));
        surface.end_tagged();
    }

    fn shape(&self, surface: &mut Surface<'_>, shape: &Shape) {
        match shape {
            Shape::Words { at, text, font, ink } => self.words(surface, *at, text, (*font, *ink)),
            Shape::Box { at, size, ink } => rectangle(surface, *at, *size, *ink),
            Shape::Picture { at, size } => {
                let size = Size::from_wh(pt(size.0), pt(size.1));
                if let (Some(image), Some(size)) = (&self.picture, size) {
                    surface.push_transform(&Transform::from_translate(pt(at.0), pt(at.1)));
                    surface.draw_image(image.clone(), size);
                    surface.pop();
                }
            }
            Shape::Nothing => {}
        }
    }

    /// A glyph a character, each as far on as the layout measured.
    fn words(&self, surface: &mut Surface<'_>, at: (i32, i32), text: &str, (font, ink): (Type, Ink)) {
        if text.is_empty() {
            return;
        }
        // A space that does not break is one for the reader, too.
        let text = text.replace('\u{a0}', " ");
        let face = &self.fonts[usize::from(font.weight == Weight::Bold)];
        let glyph = |(start, c): (usize, char)| {
            let glyph = font.weight.glyph(c);
            let advance = glyph.advance as f32 / face.units_per_em();
            KrillaGlyph::new(GlyphId::new(glyph.id), advance, 0.0, 0.0, 0.0, start..start + c.len_utf8(), None)
        };
        let glyphs: Vec<KrillaGlyph> = text.char_indices().map(glyph).collect();
        surface.set_fill(Some(fill(ink)));
        let start = Point::from_xy(pt(at.0), pt(at.1));
        surface.draw_glyphs(start, &glyphs, face.clone(), &text, pt(font.size), false);
    }

    /// The structure with its leaves.
    fn tree(&mut self, tree: &Tree) -> Result<TagTree, AttachError> {
        let mut tags = TagTree::new().with_lang(Some(LANGUAGE.to_owned()));
        for node in tree.children(ROOT) {
            tags.push(self.group(tree, *node)?);
        }
        Ok(tags)
    }

    fn group(&mut self, tree: &Tree, node: Node) -> Result<TagGroup, AttachError> {
        let mut group = TagGroup::new(kind(tree.role(node))?);
        for leaf in std::mem::take(&mut self.leaves[node]) {
            group.push(leaf);
        }
        for child in tree.children(node) {
            group.push(self.group(tree, *child)?);
        }
        Ok(group)
    }
}

fn rectangle(surface: &mut Surface<'_>, (x, y): (i32, i32), (width, height): (i32, i32), ink: Ink) {
    let Some(rect) = Rect::from_xywh(pt(x), pt(y), pt(width), pt(height)) else { return };
    let mut path = PathBuilder::new();
    path.push_rect(rect);
    if let Some(path) = path.finish() {
        surface.set_fill(Some(fill(ink)));
        surface.draw_path(&path);
    }
}

/// The role as krilla names it.
fn kind(role: &Role) -> Result<TagKind, AttachError> {
    Ok(match role {
        Role::Document | Role::Paragraph => Tag::P.into(),
        Role::Heading { level, title } => {
            let level = NonZeroU16::new(*level).ok_or_else(|| broken("a heading without a level"))?;
            Tag::Hn(level, Some(title.clone())).into()
        }
        Role::List => Tag::L(ListNumbering::Disc).into(),
        Role::Item => Tag::LI.into(),
        Role::Label => Tag::Lbl.into(),
        Role::Body => Tag::LBody.into(),
        Role::Table { summary } => Tag::Table.with_summary(Some(summary.clone())).into(),
        Role::Caption => Tag::Caption.into(),
        Role::TableHead => Tag::THead.into(),
        Role::TableBody => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnHeader => Tag::TH(TableHeaderScope::Column).into(),
        Role::RowHeader => Tag::TH(TableHeaderScope::Row).into(),
        Role::Data => Tag::TD.into(),
        Role::Figure { alt, bounds: (sheet, at, size) } => {
            let rect = Rect::from_xywh(pt(at.0), pt(at.1), pt(size.0), pt(size.1));
            Tag::Figure(Some(alt.clone())).with_bbox(rect.map(|rect| BBox::new(*sheet, rect))).into()
        }
    })
}
