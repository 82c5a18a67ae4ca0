//! The source as the compiler sees it: which file names which path. Code for tests only (`#[cfg(test)]`) is left out.
//!
//! Reads `use` items, paths in code, attributes and macros; never text in comments or strings.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    slice,
};

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::{
    Attribute, ExprAsync, ImplItemFn, Item, ItemMod, ItemUse, Macro, Meta, Signature, UseTree, VisRestricted,
    Visibility,
    visit::{self, Visit},
};

/// Segments of a path; one of this crate begins with `crate`.
type Segments = Vec<String>;

/// All files of the library and the program, by their path below `src/`.
pub(super) struct Code {
    pub(super) files: BTreeMap<String, File>,
    /// The file of each module of the library, and of the program below its root.
    modules: BTreeMap<Segments, String>,
}

#[derive(Default)]
pub(super) struct File {
    /// The module, such as `crate::plan::bind`.
    module: Segments,
    /// What the file names, as written.
    named: Vec<Segments>,
    /// What its `use` items bring in: the name here, what it stands for, and whether the item is public.
    brought: BTreeMap<String, (Segments, bool)>,
    children: BTreeSet<String>,
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

impl Code {
    pub(super) fn read() -> Self {
        let mut code = Self { files: BTreeMap::new(), modules: BTreeMap::new() };
        code.add("lib.rs", &["crate".to_owned()]);
        code.add("main.rs", &["crate".to_owned()]);
        code
    }

    /// Reads the file of a module, and those of its children.
    fn add(&mut self, path: &str, module: &[String]) {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut reader = Reader { file: File { module: module.to_vec(), ..File::default() }, depth: 0 };
        reader.visit_file(&parsed);
        if path != "main.rs" {
            self.modules.insert(module.to_vec(), path.to_owned());
        }
        let below = match path {
            "lib.rs" | "main.rs" => String::new(),
            _ => path.strip_suffix("mod.rs").map_or_else(|| path.replace(".rs", "/"), str::to_owned),
        };
        for child in &reader.file.children {
            let files = [format!("{below}{child}.rs"), format!("{below}{child}/mod.rs")];
            let file = files.iter().find(|it| root().join(it).exists()).expect(child);
            self.add(file, &[module, slice::from_ref(child)].concat());
        }
        self.files.insert(path.to_owned(), reader.file);
    }

    /// The rooms in the order in which `lib.rs` names them, and the program's.
    pub(super) fn rooms(&self) -> Vec<String> {
        let lib = fs::read_to_string(root().join("lib.rs")).unwrap();
        let declared = syn::parse_file(&lib).unwrap().items.into_iter().filter_map(|it| match it {
            Item::Mod(it) if !for_tests(&it.attrs) => Some(it.ident.to_string()),
            _ => None,
        });
        declared.chain(["cli".to_owned()]).collect()
    }

    /// What a file names, as a path from its root such as `std::fs::read`, each with where every `use` on the way leads.
    pub(super) fn names(&self, path: &str) -> Vec<Vec<String>> {
        let file = &self.files[path];
        let named = file.named.iter().filter(|it| !file.is_own_word(it));
        named.map(|it| self.whole(file, it).iter().map(|it| it.join("::")).collect()).collect()
    }

    /// The innermost module that a path goes through, or the path where it leads out of the crate.
    pub(super) fn module_of(&self, path: &str) -> String {
        let path: Segments = path.split("::").map(str::to_owned).collect();
        let known = (2..=path.len()).rev().find(|n| self.modules.contains_key(&path[..*n]));
        path[..known.unwrap_or(path.len())].join("::")
    }

    /// The files whose items a file uses. One that it only passes on (`pub use`) is not used by it, and the module
    /// around it may be: a module and its parts are one thing told in several files.
    pub(super) fn uses(&self, path: &str) -> BTreeSet<&str> {
        let file = &self.files[path];
        let passed_on = |path: &Segments| {
            let mut here = file.brought.iter().filter(|(_, (target, public))| *public && target == path);
            here.any(|(name, _)| file.named.iter().all(|it| it == path || it[0] != *name))
        };
        let named = file.named.iter().filter(|it| !passed_on(it));
        let whole = named.filter_map(|it| self.whole(file, it).pop());
        let around = |it: &str| file.module.starts_with(&self.files[it].module);
        whole.filter_map(|it| self.home(&it)).filter(|it| !around(it)).collect()
    }

    /// The file of the innermost module that a path goes through.
    fn home(&self, path: &[String]) -> Option<&str> {
        (2..=path.len()).rev().find_map(|n| self.modules.get(&path[..n])).map(String::as_str)
    }

    /// A path from its root: as it is written, and as it is where each `use` on the way has been followed.
    fn whole(&self, file: &File, path: &[String]) -> Vec<Segments> {
        let mut steps = vec![self.absolute(file, path)];
        // A circle of `use` items does not compile; the bound is for names that a file has twice.
        while steps.len() < 8 {
            let last = steps.last().unwrap();
            let known = (1..last.len()).rev().find(|n| self.modules.contains_key(&last[..*n]));
            let next = known.and_then(|n| {
                let module = &self.files[&self.modules[&last[..n]]];
                let (target, _) = module.brought.get(&last[n])?;
                let is_module = self.modules.contains_key(&last[..=n]);
                let target = (!is_module).then(|| self.absolute(module, target))?;
                Some([&target[..], &last[n + 1..]].concat())
            });
            match next {
                Some(next) if !steps.contains(&next) => steps.push(next),
                _ => break,
            }
        }
        steps
    }

    fn absolute(&self, file: &File, path: &[String]) -> Segments {
        let parent = || file.module[..file.module.len() - 1].to_vec();
        let first = path[0].as_str();
        let (mut base, rest) = match first {
            "crate" => (vec!["crate".to_owned()], 1),
            "rolecall" => (vec!["crate".to_owned()], 1),
            "self" => (file.module.clone(), 1),
            "super" => (parent(), 1),
            _ if file.children.contains(first) => (file.module.clone(), 0),
            _ => match file.brought.get(first) {
                Some((target, _)) if target[0] != first => (self.absolute(file, target), 1),
                Some((target, _)) => (target.clone(), 1),
                None => (Vec::new(), 0),
            },
        };
        for segment in &path[rest..] {
            match segment.as_str() {
                "super" => _ = base.pop(),
                "self" => (),
                _ => base.push(segment.clone()),
            }
        }
        base
    }
}

impl File {
    /// Whether a path is one word that no `use` and no child explains: a local name, or one of the prelude.
    fn is_own_word(&self, path: &[String]) -> bool {
        let explained = self.brought.contains_key(&path[0]) || self.children.contains(&path[0]);
        path.len() == 1 && !explained && !MARKS.contains(&&*path[0])
    }
}

/// Words that stand for a thing of the language: macros that print, and waiting.
const MARKS: [&str; 6] = ["print!", "println!", "eprint!", "eprintln!", "dbg!", "async"];

fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|it| match &it.meta {
        Meta::List(it) => it.path.is_ident("cfg") && it.tokens.to_string() == "test",
        _ => false,
    })
}

struct Reader {
    file: File,
    /// How many modules within the file are open.
    depth: usize,
}

impl Reader {
    fn name(&mut self, mut path: Segments) {
        // A module within the file counts as the file.
        if self.depth > 0 && path[0] == "super" {
            path[0] = "self".to_owned();
        }
        self.file.named.push(path);
    }

    fn flatten(&mut self, tree: &UseTree, mut so_far: Segments, public: bool) {
        match tree {
            UseTree::Path(it) => {
                so_far.push(it.ident.to_string());
                self.flatten(&it.tree, so_far, public);
            }
            UseTree::Group(it) => it.items.iter().for_each(|it| self.flatten(it, so_far.clone(), public)),
            UseTree::Glob(_) => self.name(so_far),
            UseTree::Name(it) => self.bring(&it.ident.to_string(), &it.ident.to_string(), so_far, public),
            UseTree::Rename(it) => self.bring(&it.ident.to_string(), &it.rename.to_string(), so_far, public),
        }
    }

    fn bring(&mut self, name: &str, here: &str, mut path: Segments, public: bool) {
        let here = if here == "self" { path.last().unwrap().clone() } else { here.to_owned() };
        if name != "self" {
            path.push(name.to_owned());
        }
        self.name(path.clone());
        if here != "_" {
            self.file.brought.insert(here, (path, public));
        }
    }

    /// Finds `a::b` and `a!` in what a macro or an attribute is given.
    fn tokens(&mut self, tokens: &TokenStream) {
        let mut path = Segments::new();
        let mut colons = 0;
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(it) if path.is_empty() || colons == 2 => path.push(it.to_string()),
                TokenTree::Punct(it) if it.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Punct(it)
                    if it.as_char() == '!' && it.spacing() == Spacing::Alone && !path.is_empty() =>
                {
                    path.last_mut().unwrap().push('!');
                    self.name(std::mem::take(&mut path));
                }
                other => {
                    self.end(&mut path);
                    match other {
                        TokenTree::Ident(it) => path.push(it.to_string()),
                        TokenTree::Group(it) => self.tokens(&it.stream()),
                        _ => (),
                    }
                }
            }
            colons = 0;
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Segments) {
        if !path.is_empty() {
            self.name(std::mem::take(path));
        }
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = match item {
            Item::Const(it) => &it.attrs,
            Item::Enum(it) => &it.attrs,
            Item::Fn(it) => &it.attrs,
            Item::Impl(it) => &it.attrs,
            Item::Macro(it) => &it.attrs,
            Item::Mod(it) => &it.attrs,
            Item::Static(it) => &it.attrs,
            Item::Struct(it) => &it.attrs,
            Item::Trait(it) => &it.attrs,
            Item::Type(it) => &it.attrs,
            Item::Use(it) => &it.attrs,
            _ => &Vec::new(),
        };
        if !for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        if !for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if module.content.is_none() {
            self.file.children.insert(module.ident.to_string());
        } else {
            self.depth += 1;
            visit::visit_item_mod(self, module);
            self.depth -= 1;
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let public = !matches!(item.vis, Visibility::Inherited);
        self.flatten(&item.tree, Segments::new(), public);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.name(path.segments.iter().map(|it| it.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    /// `pub(super)` uses nothing.
    fn visit_vis_restricted(&mut self, _: &'a VisRestricted) {}

    fn visit_macro(&mut self, it: &'a Macro) {
        let mut path: Segments = it.path.segments.iter().map(|it| it.ident.to_string()).collect();
        path.last_mut().unwrap().push('!');
        self.name(path);
        self.tokens(&it.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        if let Meta::List(it) = &attribute.meta {
            self.tokens(&it.tokens);
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_signature(&mut self, signature: &'a Signature) {
        if signature.asyncness.is_some() {
            self.name(vec!["async".to_owned()]);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'a ExprAsync) {
        self.name(vec!["async".to_owned()]);
        visit::visit_expr_async(self, block);
    }
}
