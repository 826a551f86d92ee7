//! The structure of the document: what a piece of a sheet is, in reading order.

/// A place in the tree.
pub(super) type Node = usize;

/// The document itself.
pub(super) const ROOT: Node = 0;

/// What a node is, as PDF names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Document,
    Heading {
        level: u16,
        title: String,
    },
    Paragraph,
    List,
    Item,
    Label,
    Body,
    Table {
        summary: String,
    },
    Caption,
    TableHead,
    TableBody,
    Row,
    ColumnHeader,
    RowHeader,
    Data,
    /// `bounds`: sheet, upper left corner, width and height.
    Figure {
        alt: String,
        bounds: (usize, (i32, i32), (i32, i32)),
    },
}

/// Nodes by their number; children stand in reading order.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<(Role, Vec<Node>)>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: vec![(Role::Document, Vec::new())] }
    }

    /// A new last child of `parent`.
    pub(super) fn add(&mut self, parent: Node, role: Role) -> Node {
        let node = self.nodes.len();
        self.nodes.push((role, Vec::new()));
        self.nodes[parent].1.push(node);
        node
    }

    pub(super) fn role(&self, node: Node) -> &Role {
        &self.nodes[node].0
    }

    pub(super) fn children(&self, node: Node) -> &[Node] {
        &self.nodes[node].1
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }
}
