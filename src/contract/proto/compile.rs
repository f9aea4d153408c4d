//! Compiling `.proto` files with what they import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use prost_reflect::DescriptorPool;
use protox::file::{DescriptorSetFileResolver, File, FileResolver, GoogleFileResolver};

use super::{Proto, ProtoError};

/// Larger files are refused: no contract is, but a wrong path may lead to anything.
const MAX_FILE: u64 = 16 << 20;

/// Compiles a `.proto` file. Its imports are looked for beside it and in the directories above,
/// up to the root of the repository it lies in (the nearest directory with a `.git`), else up to
/// the current directory, else no further than its own. `google/protobuf/*.proto` and
/// `google/rpc/{status,error_details}.proto` are built in; files of the contract's own come
/// first.
pub fn compile(path: &Path) -> Result<Arc<Proto>, ProtoError> {
    compile_under(path, &top(path))
}

/// The topmost directory in which the imports of a file or of the files of a directory are looked
/// for when nothing else is said: see [`compile`].
pub fn top(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let own = if whole.is_dir() { &whole } else { whole.parent().unwrap_or(&whole) };
    let current = std::env::current_dir().ok();
    let root = own
        .ancestors()
        .find(|dir| dir.join(".git").exists())
        .or_else(|| current.as_deref().filter(|current| own.starts_with(current)))
        .unwrap_or(own);
    root.to_owned()
}

/// The same with the topmost directory in which imports are looked for.
pub fn compile_under(path: &Path, root: &Path) -> Result<Arc<Proto>, ProtoError> {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    readable(&whole).map_err(|why| ProtoError::whole(path, why))?;
    let Some(own) = whole.parent() else {
        return Err(ProtoError::whole(path, "is not a file"));
    };
    let roots = roots(own, root);
    let mut compiler = compiler(&roots);
    open(&mut compiler, &roots, own, path)?;
    let mut used = vec![own.to_owned()];
    for file in compiler.files() {
        let root = file.path().and_then(|path| {
            let depth = Path::new(file.name()).components().count();
            path.ancestors().nth(depth)
        });
        if let Some(root) = root
            && !used.iter().any(|known| known == root)
        {
            used.push(root.to_owned());
        }
    }
    let on_disk = |file: &protox::file::FileMetadata| Some((file.name().to_owned(), file.path()?.to_owned()));
    Ok(Arc::new(Proto {
        pool: compiler.descriptor_pool(),
        file: path.to_owned(),
        roots: used,
        files: compiler.files().filter_map(on_disk).collect(),
        places: Arc::default(),
        interface: OnceLock::new(),
    }))
}

/// Several files compiled as one contract.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The descriptors.
    pub pool: DescriptorPool,
    /// Where each file came from by the name under which it is imported; what is built in is not
    /// among them.
    pub files: BTreeMap<String, PathBuf>,
}

/// Compiles files as one contract. Their import names count from `base`, or from a directory
/// above it up to `root`, if only those names fit what the files import each other as. Errors:
/// those of every file, at the base from which most is understood.
pub fn compile_all(paths: &[PathBuf], base: &Path, root: &Path) -> Result<Tree, Vec<ProtoError>> {
    let base = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
    let mut best: Option<Vec<ProtoError>> = None;
    for base in roots(&base, root) {
        let roots = roots(&base, root);
        let mut whole = compiler(&roots);
        let mut errors = Vec::new();
        for path in paths {
            if let Err(error) = open(&mut whole, &roots, &base, path)
                && !errors.contains(&error)
            {
                errors.push(error);
            }
        }
        if errors.is_empty() {
            let found =
                whole.files().filter_map(|file| Some((file.name().to_owned(), file.path()?.to_owned())));
            return Ok(Tree { files: found.collect(), pool: whole.descriptor_pool() });
        }
        if best.as_ref().is_none_or(|best| errors.len() < best.len()) {
            best = Some(errors);
        }
    }
    Err(best.unwrap_or_default())
}

/// The directories in which imports are looked for, the nearest first.
fn roots(own: &Path, root: &Path) -> Vec<PathBuf> {
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    own.ancestors().take_while(|dir| *dir == own || dir.starts_with(&root)).map(Path::to_owned).collect()
}

fn compiler(roots: &[PathBuf]) -> protox::Compiler {
    let mut compiler = protox::Compiler::with_file_resolver(Resolver::new(roots.to_vec()));
    compiler.include_imports(true).include_source_info(true);
    compiler
}

/// Adds a file below `base` to what is compiled.
fn open(
    compiler: &mut protox::Compiler,
    roots: &[PathBuf],
    base: &Path,
    path: &Path,
) -> Result<(), ProtoError> {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    readable(&whole).map_err(|why| ProtoError::whole(path, why))?;
    let Ok(below) = whole.strip_prefix(base) else {
        return Err(ProtoError::whole(path, "is not a file"));
    };
    let Some(name) = below.to_str() else {
        return Err(ProtoError::whole(path, "its name is not UTF-8"));
    };
    let Err(error) = compiler.open_file(name) else { return Ok(()) };
    let mut error = ProtoError::compiler(&error, whole.clone(), |name| find(roots, name));
    if error.message.contains("not found") && error.help.is_none() {
        error.help = Some(format!(
            "imports are looked for in the directory of `{name}` and those above it, up to `{}`",
            roots.last().unwrap_or(&whole).display()
        ));
    }
    // People see the path they wrote.
    if error.file == whole {
        error.file = path.to_owned();
    }
    Err(error)
}

/// The first file with this import name under one of the roots, nearest first.
fn find(roots: &[PathBuf], name: &str) -> Option<PathBuf> {
    roots.iter().map(|root| root.join(name)).find(|path| path.exists())
}

/// Why a path cannot be read as a contract: opening a pipe or a device would hang.
fn readable(path: &Path) -> Result<(), String> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err("there is no such file".to_owned());
        }
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    if metadata.is_dir() {
        return Err("is a directory, not a `.proto` file".to_owned());
    }
    if !metadata.is_file() {
        return Err("is not a regular file".to_owned());
    }
    if metadata.len() > MAX_FILE {
        return Err(format!("has {} bytes; a contract has at most {MAX_FILE}", metadata.len()));
    }
    Ok(())
}

/// Finds imports: under the roots, then among what is built in.
struct Resolver {
    roots: Vec<PathBuf>,
    google: GoogleFileResolver,
    rpc: DescriptorSetFileResolver,
}

impl Resolver {
    fn new(roots: Vec<PathBuf>) -> Resolver {
        let rpc = DescriptorSetFileResolver::new(super::rpc_files());
        Resolver { roots, google: GoogleFileResolver::new(), rpc }
    }

    fn built_in(&self, name: &str) -> Result<File, protox::Error> {
        if name.starts_with("google/rpc/") { self.rpc.open_file(name) } else { self.google.open_file(name) }
    }
}

impl FileResolver for Resolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let Some(path) = find(&self.roots, name) else { return self.built_in(name) };
        if let Err(why) = readable(&path) {
            return Err(protox::Error::new(std::io::Error::other(format!("`{name}` {why}"))));
        }
        File::open(name, &path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::proto::find_message;

    fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn imports_come_from_beside_above_and_within() {
        let dir = tempfile::tempdir().unwrap();
        write(
            dir.path(),
            "api/money/v1/money.proto",
            "syntax = \"proto3\"; package money.v1; message Money { string currency = 1; }",
        );
        write(
            dir.path(),
            "api/shop/v1/beside.proto",
            "syntax = \"proto3\"; package shop.v1; message Beside {}",
        );
        let file = write(
            dir.path(),
            "api/shop/v1/shop.proto",
            "syntax = \"proto3\"; package shop.v1;
             import \"beside.proto\"; import \"money/v1/money.proto\";
             import \"google/protobuf/timestamp.proto\"; import \"google/rpc/status.proto\";
             message Order { Beside beside = 1; money.v1.Money total = 2; google.protobuf.Timestamp at = 3;
                             google.rpc.Status status = 4; }
             service Shop { rpc Get(Order) returns (Order); }",
        );
        let proto = compile_under(&file, dir.path()).unwrap();
        assert_eq!(proto.services().next().unwrap().full_name(), "shop.v1.Shop");
        assert!(proto.get_message_by_name("money.v1.Money").is_some());
        assert_eq!(proto.import_roots(), [dir.path().join("api/shop/v1"), dir.path().join("api")]);
        assert_eq!(proto.file(), file);
        // The root bounds the search.
        let error = compile_under(&file, &dir.path().join("api/shop")).unwrap_err();
        assert_eq!(error.message, "import `money/v1/money.proto` not found");
        assert_eq!((error.line, error.file.as_path()), (2, file.as_path()));
        assert!(error.help.unwrap().contains("imports are looked for"));
    }

    #[test]
    fn the_sample_system_has_a_contract() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/shop/contracts/ledger.proto");
        let proto = compile(&file).unwrap();
        assert!(proto.get_service_by_name("ledger.v1.Ledger").unwrap().methods().len() >= 8);
    }

    #[test]
    fn error_details_are_known_without_an_import() {
        let dir = tempfile::tempdir().unwrap();
        let file = write(dir.path(), "a.proto", "syntax = \"proto3\"; message A {}");
        let proto = compile(&file).unwrap();
        for name in ["google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.protobuf.Duration", "A"] {
            assert!(find_message(&proto, name).is_some(), "{name}");
        }
        assert!(find_message(&proto, "B").is_none());
    }

    #[test]
    fn errors_have_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str, text: &str| {
            let file = write(dir.path(), name, text);
            let error = compile(&file).unwrap_err();
            let name = error.file.file_name().unwrap().to_str().unwrap().to_owned();
            (name, error.line, error.column, error.message)
        };
        assert_eq!(
            place("syntax.proto", "syntax = \"proto3\";\nmessage A {\n  string = 1;\n}\n"),
            ("syntax.proto".into(), 3, 10, "expected an identifier, but found `=`".into())
        );
        assert_eq!(
            place("type.proto", "syntax = \"proto3\";\nmessage A {\n  Bee bee = 1;\n}\n"),
            ("type.proto".into(), 3, 3, "name `Bee` is not defined".into())
        );
        // The file at fault is the imported one.
        write(dir.path(), "bad.proto", "syntax = \"proto3\";\nmessage {}");
        let (file, line, column, _) = place("imports.proto", "syntax = \"proto3\";\nimport \"bad.proto\";");
        assert_eq!((file.as_str(), line, column), ("bad.proto", 2, 9));
        let (file, line, _, message) = place("self.proto", "syntax = \"proto3\";\nimport \"self.proto\";");
        assert_eq!((file.as_str(), line), ("self.proto", 0));
        assert!(message.contains("cycle"), "{message}");
    }

    #[test]
    fn what_is_no_file_is_an_error_and_never_hangs() {
        let dir = tempfile::tempdir().unwrap();
        let message = |path: &Path| compile(path).unwrap_err().message;
        assert_eq!(message(&dir.path().join("none.proto")), "there is no such file");
        assert_eq!(message(dir.path()), "is a directory, not a `.proto` file");
        assert_eq!(message(Path::new("/dev/zero")), "is not a regular file");
        let pipe = dir.path().join("pipe.proto");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(message(&pipe), "is not a regular file");
        let bad = dir.path().join("utf8.proto");
        std::fs::write(&bad, b"\xff\xfe").unwrap();
        assert!(message(&bad).contains("utf-8"), "{}", message(&bad));
        let deep = dir.path().join("deep.proto");
        std::fs::write(&deep, "message A {".repeat(100_000)).unwrap();
        assert!(message(&deep).contains("recursion"), "{}", message(&deep));
        let huge = dir.path().join("huge.proto");
        std::fs::File::create(&huge).unwrap().set_len(MAX_FILE + 1).unwrap();
        assert!(message(&huge).starts_with("has 16777217 bytes"), "{}", message(&huge));
    }
}
