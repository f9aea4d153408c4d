use super::LINTS;
use crate::diag::lints;

#[test]
fn the_table_has_every_lint_once() {
    let here: Vec<&str> = LINTS.iter().map(|lint| lint.code.name).collect();
    assert_eq!(here, lints().collect::<Vec<_>>());
}
