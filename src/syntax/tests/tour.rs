use super::{good, outline::outline};

#[test]
fn the_tour_reads_to_the_right_tree() {
    for (dir, name) in [("tour", "shop"), ("tour", "checkout"), ("fmt", "all")] {
        let path = format!("{}/tests/syntax/{dir}/{name}.scn", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let parsed = good(&text);
        insta::with_settings!({ snapshot_path => "../../../tests/syntax/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, outline(&parsed.module));
        });
    }
}
