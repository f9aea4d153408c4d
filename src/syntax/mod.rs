//! Syntax: text to tree, never failing. The grammar is `grammar/scn.pest`.

pub mod ast;
pub mod visit;
/// seam
pub fn parse_expression(
    _source: crate::source::SourceId,
    _text: &str,
) -> Result<ast::Expr, Vec<crate::diag::Diagnostic>> {
    Err(Vec::new())
}
/// seam
pub struct Parsed {
    /// seam
    pub module: ast::Module,
    /// seam
    pub comments: Vec<crate::source::Span>,
    /// seam
    pub errors: Vec<crate::diag::Diagnostic>,
}
/// seam
pub fn parse(source: crate::source::SourceId, _text: &str) -> Parsed {
    Parsed { module: ast::Module { source, doc: None, items: Vec::new() }, comments: Vec::new(), errors: Vec::new() }
}
