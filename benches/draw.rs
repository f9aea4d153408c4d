//! How fast customers of the shop are drawn, on one core: `cargo bench --bench draw`. The aim is
//! 200,000 a second, which is 5 µs each.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scn::shape::{Derive, DrawKey, Drawer, FieldPattern, ObjectPattern, Pattern, types};
use scn::value::{Object, Value, from_json};

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap_or(Value::Null)
}

fn ty(name: &str, args: &[(&str, Value)]) -> Pattern {
    let args: Object = args.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect();
    types::of_type(name, args).unwrap_or(Pattern::Absent)
}

/// `"${.name.slug}@example.test"`
fn email() -> Pattern {
    let derive = Derive::new(["name"], |here: &Value| {
        let name = here.as_object().and_then(|fields| fields.get("name")).ok_or("no `.name`")?;
        let slug = scn::function::property(name, "slug").ok_or("no `.slug`")??;
        Ok(Value::text(format!("{}@example.test", slug.as_text().unwrap_or_default())))
    });
    Pattern::Derived("\"${.name.slug}@example.test\"".into(), derive)
}

/// `shape Customer` of `scenarios/shop/shop.scn`.
fn customer() -> Pattern {
    let tiers = ["\"gold\"", "\"silver\"", "\"basic\""].map(|tier| Pattern::Equals(json(tier)));
    let balance = Value::Range(Arc::new((json("0.00"), json("500.00"))));
    let fields = vec![
        FieldPattern::new("id", false, ty("uuid", &[])),
        FieldPattern::new("name", false, ty("person_name", &[])),
        FieldPattern::new("email", false, email()),
        FieldPattern::new("balance", false, ty("decimal", &[("range", balance)])),
        FieldPattern::new("tier", false, Pattern::Union(tiers.to_vec())),
        FieldPattern::new("phone", true, ty("phone", &[])),
    ];
    let shape = Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() });
    Pattern::Named("Customer".into(), Arc::new(shape))
}

fn draws(c: &mut Criterion) {
    let drawer = Drawer::new(&customer());
    let key = DrawKey::new(42);
    let mut group = c.benchmark_group("draw");
    group.throughput(Throughput::Elements(1));
    let mut many = drawer.many(key);
    group.bench_function("customer", |b| {
        b.iter(|| {
            // `n of` has a limit, which a benchmark reaches.
            black_box(many.draw()).unwrap_or_else(|_| {
                many = drawer.many(key);
                Value::Null
            })
        });
    });
    let mut case = 0u64;
    group.bench_function("customer near the limits", |b| {
        b.iter(|| {
            case += 1;
            black_box(drawer.draw_with(&key.with(case.to_be_bytes()), Some(300)))
        });
    });
    group.bench_function("a pattern made ready", |b| b.iter(|| black_box(Drawer::new(&customer()))));
    group.finish();
}

criterion_group!(benches, draws);
criterion_main!(benches);
