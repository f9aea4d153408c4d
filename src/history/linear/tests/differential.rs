//! The search against the brute-force checker.

use super::random::{Random, history, model};
use super::{brute, verify};
use crate::history::{Judged, Limits, Operation, linearizable};

fn compare(name: &str, count: u64) {
    let model = model(name);
    let (mut held, mut failed) = (0u64, 0u64);
    for seed in 0..count {
        let operations = history(&model, &mut Random(seed), 7);
        let expected = brute::holds(&operations, &model);
        let verified = match linearizable(&operations, &model, &Limits::default()) {
            Judged::Holds(order) if expected => verify::is_witness(&operations, &model, &order),
            Judged::Fails(found) if !expected => verify::is_core(&operations, &model, &found),
            Judged::Invalid(_, why) if name != "register" && why.contains("returned") => Ok(()),
            other => Err(format!("it says {other:?}")),
        };
        if let Err(why) = verified {
            panic!(
                "{name}, seed {seed}: {why}; it {expected}\n{}\n{:?}",
                listed(&operations),
                linearizable(&operations, &model, &Limits::default())
            );
        }
        *(if expected { &mut held } else { &mut failed }) += 1;
    }
    assert!(held > count / 10 && failed > count / 10, "{name}: {held} hold, {failed} fail");
}

fn listed(operations: &[Operation]) -> String {
    let show = |op: &Operation| {
        let args: Vec<String> = op.args.iter().map(crate::value::show).collect();
        let (value, args) = (crate::value::show(&op.value), args.join(", "));
        format!(
            "{:>4} {:>8} {}({args}) -> {value} {:?}",
            op.start,
            format!("{:?}", op.end),
            op.function,
            op.outcome
        )
    };
    operations.iter().map(show).collect::<Vec<_>>().join("\n")
}

/// One test for each model, so that they run side by side: 202,500 histories in all.
macro_rules! models {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            compare(stringify!($name), 22_500);
        })*

        /// 200,000 histories of every model.
        #[test]
        #[ignore = "takes minutes unless it is optimized"]
        fn every_model_at_length() {
            std::thread::scope(|scope| {
                $(scope.spawn(|| compare(stringify!($name), 200_000));)*
            });
        }

        /// A model that is not compared would be trusted for nothing.
        #[test]
        fn every_model_is_compared() {
            let compared = [$(stringify!($name)),*];
            let known: Vec<&str> = crate::history::SPECS.iter().map(|spec| spec.name).collect();
            assert_eq!(known, compared);
        }
    };
}

models! { register cas_register map set counter queue stack lock append_log }
