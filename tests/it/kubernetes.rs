//! The manifests of `examples/kubernetes`: what is refused to a container, and what their commands do, run as the kubelet would
//! run them but for the container.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::{
    bases::{commit, git},
    kits::hooks::tool,
    support::{Run, World, binary, repository},
};

/// Every object of the manifests, with the file that it is in.
fn objects() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kubernetes");
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut objects = Vec::new();
    for name in names.into_iter().filter(|it| it.ends_with(".yaml")) {
        let text = repository(&format!("examples/kubernetes/{name}"));
        for document in serde_yaml::Deserializer::from_str(&text) {
            objects.push((name.clone(), Value::deserialize(document).unwrap()));
        }
    }
    objects
}

/// The pods that the manifests make, each with its job.
fn pods() -> Vec<(String, Value, Value)> {
    let pod = |(name, object): (String, Value)| {
        let job = if object["kind"] == "CronJob" { &object["spec"]["jobTemplate"] } else { &object };
        let pod = job["spec"]["template"]["spec"].clone();
        (!pod.is_null()).then(|| (name, job["spec"].clone(), pod))
    };
    objects().into_iter().filter_map(pod).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    list(pod, "initContainers").iter().chain(list(pod, "containers"))
}

#[test]
fn no_container_may_do_more_than_it_has_to() {
    let pods = pods();
    assert_eq!(pods.len(), 4, "drift, shards, apply, merge");
    for (name, _, pod) in &pods {
        let security = &pod["securityContext"];
        assert_eq!(security["runAsNonRoot"], true, "{name}");
        assert!(security["runAsUser"].as_u64().is_some_and(|it| it > 0), "{name}");
        assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}: nothing here talks to the cluster");
        for key in ["hostNetwork", "hostPID", "hostIPC"] {
            assert!(pod[key].is_null(), "{name}: {key}");
        }
        assert!(list(pod, "volumes").iter().all(|it| it["hostPath"].is_null()), "{name}");
        for container in containers(pod) {
            let (security, name) = (&container["securityContext"], format!("{name}: {}", container["name"]));
            assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(security["capabilities"], json!({ "drop": ["ALL"] }), "{name}");
            assert!(security["privileged"].is_null(), "{name}");
            for (kind, resource) in
                [("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory")]
            {
                assert!(container["resources"][kind][resource].is_string(), "{name}: {kind} of {resource}");
            }
            let image = container["image"].as_str().unwrap();
            let digest = image.split_once("@sha256:").map(|it| it.1);
            assert!(digest.is_some_and(|it| it.len() == 64), "{name}: {image} is not pinned by a digest");
            for variable in list(container, "env") {
                let called = variable["name"].as_str().unwrap();
                let secret =
                    ["TOKEN", "SECRET", "CLIENT_ID", "PASSWORD", "KEY"].iter().any(|it| called.contains(it));
                assert!(
                    !secret || called.ends_with("_FILE"),
                    "{name}: {called} is a secret in the environment"
                );
                assert!(variable["valueFrom"]["secretKeyRef"].is_null(), "{name}: {called}");
            }
        }
    }
    assert!(objects().iter().all(|it| it.1["kind"] != "Secret"), "a secret is in no file");
}

#[test]
fn a_job_reaches_names_and_https_and_nobody_reaches_it() {
    let policy = objects().into_iter().find(|it| it.1["kind"] == "NetworkPolicy").unwrap().1["spec"].clone();
    assert_eq!(policy["podSelector"], json!({}));
    assert_eq!((&policy["policyTypes"], &policy["ingress"]), (&json!(["Ingress", "Egress"]), &json!([])));
    let mut ports: Vec<u64> = list(&policy, "egress")
        .iter()
        .flat_map(|it| list(it, "ports"))
        .map(|it| it["port"].as_u64().unwrap())
        .collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports, [53, 443]);
}

#[test]
fn only_a_job_that_applies_has_credentials_that_may_write() {
    for (name, _, pod) in pods() {
        let secrets: Vec<&Value> = list(&pod, "volumes")
            .iter()
            .map(|it| &it["secret"]["secretName"])
            .filter(|it| !it.is_null())
            .collect();
        let expected: &[&str] = match name.as_str() {
            "apply.yaml" => &["rolecall-writing"],
            "merge.yaml" => &[],
            _ => &["rolecall-reading"],
        };
        assert_eq!(secrets, expected, "{name}");
        let work = list(&pod["containers"][0], "volumeMounts").iter().find(|it| it["name"] == "work");
        assert!(work.is_none_or(|it| it["readOnly"] == true), "{name}: the files are only read");
    }
}

/// A cluster of one machine: what is mounted lies in folders.
struct Cluster {
    world: World,
}

impl Cluster {
    fn new() -> Self {
        let world = World::new()
            .with("access/v.yaml", "version: 1\ngroups: [{ name: Desk, roles: unmanaged, members: { atLeast: [cy@voyager.example] } }]\n")
            .with("access/g.yaml", "version: 1\ncompany: globex\ngroups: [{ name: New, description: d, roles: [], members: [vip@globex.example] }]\n")
            .with("access/i.yaml", "version: 1\ncompany: initech\ngroups: [{ name: Lone, description: d, roles: [], members: [] }]\n");
        commit(&world.path());
        let cluster = Self { world };
        for folder in ["git", "kept", "secrets"] {
            fs::create_dir(cluster.at(folder)).unwrap();
        }
        let (id, secret) = cluster.world.client();
        for (name, text) in [("client-id", id), ("client-secret", secret), ("journal-key", "k".repeat(44))] {
            fs::write(cluster.at("secrets").join(name), text + "\n").unwrap();
        }
        // What the init container does.
        let origin = cluster.world.path().canonicalize().unwrap();
        git(&cluster.at("git"), &["clone", "-q", &format!("file://{}", origin.display()), "files"]);
        cluster
    }

    fn at(&self, path: &str) -> PathBuf {
        self.world.path().join("..").join(path)
    }

    /// Puts what a pod would see in the place of what the manifest says.
    fn seen(&self, text: &str, variables: &[(String, String)]) -> String {
        let expanded = variables
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value));
        ["/git/", "/kept/", "/secrets/"].iter().fold(expanded, |text, mount| {
            text.replace(mount, &format!("{}/", self.at(mount.trim_matches('/')).display()))
        })
    }

    /// Starts a pod.
    fn start(&self, pod: &Value, index: Option<usize>) -> Child {
        let container = &pod["containers"][0];
        let mut variables: Vec<(String, String)> = Vec::new();
        variables.extend(index.map(|it| ("JOB_COMPLETION_INDEX".to_owned(), it.to_string())));
        for variable in list(container, "env") {
            let name = variable["name"].as_str().unwrap().to_owned();
            let value = match (&variable["value"], name.as_str()) {
                (Value::String(text), _) => self.seen(text, &[]),
                (_, "POD_NAME") => format!("pod-{}", index.unwrap_or_default()),
                (_, "ROLECALL_ENDPOINT") => self.world.url(),
                (_, "ROLECALL_MAX_RPS") => "1000".to_owned(),
                (_, other) => panic!("nobody says what {other} is"),
            };
            variables.push((name, value));
        }
        let arguments = list(container, "args").iter().map(|it| self.seen(it.as_str().unwrap(), &variables));
        let mut command: Command = binary();
        command.args(arguments).envs(variables.clone()).current_dir(self.at("kept"));
        command
            .env("ROLECALL_CREATE_ALL", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs the job of a file, all its pods at once, and returns how each ended.
    fn run(&self, file: &str) -> Vec<Run> {
        let (_, job, pod) = pods().into_iter().find(|it| it.0 == file).unwrap();
        let pods: Vec<Child> = match job["completionMode"].as_str() {
            Some("Indexed") => {
                let of = usize::try_from(job["completions"].as_u64().unwrap()).unwrap();
                let said = pod["containers"][0]["args"].to_string();
                assert!(said.contains(&format!("--shard=$(JOB_COMPLETION_INDEX)/{of}\"")), "{file}: {said}");
                (0..of).map(|index| self.start(&pod, Some(index))).collect()
            }
            _ => vec![self.start(&pod, None)],
        };
        pods.into_iter().map(|it| it.wait_with_output().unwrap().into()).collect()
    }

    fn kept(&self, name: &str) -> Value {
        let text =
            fs::read_to_string(self.at("kept").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

#[test]
fn the_shards_of_a_job_are_joined_into_what_one_process_says() {
    let cluster = Cluster::new();
    let one = cluster.run("drift.yaml").remove(0).expect(2);
    let codes: Vec<i32> = cluster.run("shards.yaml").iter().map(|it| it.code).collect();
    assert_eq!(codes.iter().max(), Some(&2), "{codes:?}");
    cluster
        .run("merge.yaml")
        .remove(0)
        .expect(2)
        .shows(one.stdout.lines().last().unwrap().split(" id").next().unwrap());
    let joined = cluster.kept("drift.json");
    assert_eq!(joined["companies"].as_array().unwrap().len(), 3);
    assert!(one.stdout.contains(&joined["id"].as_str().unwrap()[..12]), "the plan of all: {}", one.stdout);
    let written = cluster.run("apply.yaml");
    assert!(written.iter().all(|it| it.code == 0), "{written:?}");
    assert_eq!(cluster.kept("apply-0.json")["kind"], "plan");
    let journals =
        fs::read_dir(cluster.at("kept")).unwrap().flatten().map(|it| it.file_name().into_string().unwrap());
    let journals: Vec<String> = journals.filter(|it| it.ends_with(".ndjson")).collect();
    assert!(!journals.is_empty() && journals.iter().all(|it| it.starts_with("pod-")), "{journals:?}");
    cluster.run("drift.yaml").remove(0).expect(0).shows("No drift at");
}

/// By a tool that brings the published schemas along.
#[test]
fn the_manifests_are_what_the_published_schemas_say() {
    let Some(tool) = tool("kubernetes-validate") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kubernetes");
    let names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    let output = Command::new(tool).arg("--strict").args(&names).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
