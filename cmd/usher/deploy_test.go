package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestSettingsAreDocumented holds the table of docs/OPERATIONS.md against the settings: every one has its line with flag and variable, a secret has a
// variable alone, and no line is about one that is gone.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	guide := readFile(t, "../../docs/OPERATIONS.md")
	_, table, _ := strings.Cut(guide, "## Settings")
	table, _, _ = strings.Cut(table, "\n## ")
	var known []string
	for _, one := range new(settings).all() {
		known = append(known, variable(one.name))
		flag := "`--" + one.name + "`"
		if !strings.Contains(table, "`"+variable(one.name)+"`") {
			t.Errorf("the table does not name %s: %s", variable(one.name), one.about)
		}
		if strings.Contains(table, "| "+flag+" |") == one.secret {
			t.Errorf("flag %s: secret is %v, and the table says otherwise", flag, one.secret)
		}
	}
	for _, row := range regexp.MustCompile(`(?m)^\|[^|]*\|([^|]*)\|`).FindAllStringSubmatch(table, -1) {
		for _, name := range regexp.MustCompile("`(USHER_[A-Z0-9_]+)`").FindAllStringSubmatch(row[1], -1) {
			if !slices.Contains(known, name[1]) {
				t.Errorf("the table names %s, which is no setting", name[1])
			}
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// manifest is what of a Kubernetes object the test looks at.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Strings  map[string]string `yaml:"stringData"`
	Spec     struct {
		Template struct {
			Metadata struct{ Annotations map[string]string }
			Spec     struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Args    []string
					EnvFrom []map[string]struct{ Name string } `yaml:"envFrom"`
					Ports   []struct {
						Name string
						Port int `yaml:"containerPort"`
					}
					Startup   probeManifest `yaml:"startupProbe"`
					Liveness  probeManifest `yaml:"livenessProbe"`
					Readiness probeManifest `yaml:"readinessProbe"`
					Security  struct {
						ReadOnly bool  `yaml:"readOnlyRootFilesystem"`
						Escalate *bool `yaml:"allowPrivilegeEscalation"`
					} `yaml:"securityContext"`
					Mounts []struct {
						Path string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
			}
		}
	}
}

type probeManifest struct {
	Get struct{ Path, Port string } `yaml:"httpGet"`
}

// TestManifests holds the files under deploy/ against the program: variables it knows, ports it is told to listen at, paths that answer.
func TestManifests(t *testing.T) {
	t.Parallel()
	objects := map[string]manifest{}
	for _, file := range []string{"usher.yaml", "secret.example.yaml"} {
		d := yaml.NewDecoder(strings.NewReader(readFile(t, "../../deploy/kubernetes/"+file)))
		for {
			var m manifest
			if err := d.Decode(&m); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			objects[m.Kind] = m
		}
	}
	for _, kind := range []string{"ConfigMap", "Secret", "ServiceAccount", "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"} {
		if objects[kind].Metadata.Name != "usher" {
			t.Errorf("no %s of the name usher", kind)
		}
	}
	env := objects["ConfigMap"].Data
	knownVariables(t, "the ConfigMap", env)
	knownVariables(t, "the Secret", objects["Secret"].Strings)
	for _, one := range new(settings).all() {
		if _, ok := env[variable(one.name)]; ok && one.secret {
			t.Errorf("the ConfigMap holds the secret %s", variable(one.name))
		}
	}
	pod := objects["Deployment"].Spec.Template
	c := pod.Spec.Containers[0]
	ports := map[string]string{}
	for _, p := range c.Ports {
		ports[p.Name] = fmt.Sprint(p.Port)
	}
	for name, v := range map[string]string{"http": "USHER_ADDR", "metrics": "USHER_METRICS_ADDR"} {
		if !strings.HasSuffix(env[v], ":"+ports[name]) {
			t.Errorf("%s is %s, and the port %s is %s", v, env[v], name, ports[name])
		}
	}
	if pod.Metadata.Annotations["prometheus.io/port"] != ports["metrics"] {
		t.Error("collectors are sent to another port")
	}
	for path, p := range map[string]probeManifest{"/livez": c.Liveness, "/readyz": c.Readiness} {
		if p.Get.Path != path || p.Get.Port != "http" || c.Startup.Get.Path != "/livez" {
			t.Errorf("a probe asks %+v", p.Get)
		}
	}
	if !c.Security.ReadOnly || c.Security.Escalate == nil || *c.Security.Escalate {
		t.Error("the container may write its root or gain rights")
	}
	if !slices.ContainsFunc(c.Mounts, func(m struct {
		Path string `yaml:"mountPath"`
	},
	) bool {
		return m.Path == env["USHER_DATA"]
	}) {
		t.Error("nothing is mounted at USHER_DATA")
	}
	if slowest := int((sharedDrain + shutdownTime).Seconds()); pod.Spec.Grace <= slowest {
		t.Errorf("%d s of grace; the server may take %d s", pod.Spec.Grace, slowest)
	}
	if len(c.Args) != 1 || c.Args[0] != "serve" {
		t.Error("it does not serve")
	}
}

func knownVariables(t *testing.T, where string, env map[string]string) {
	t.Helper()
	if len(env) == 0 {
		t.Errorf("%s says nothing", where)
	}
	for name, value := range env {
		i := slices.IndexFunc(new(settings).all(), func(one setting) bool { return variable(one.name) == name })
		if i < 0 {
			t.Errorf("%s names %s, which is no setting", where, name)
			continue
		}
		if err := new(settings).all()[i].set(value); err != nil {
			t.Errorf("%s: %s: %v", where, name, err)
		}
	}
}

// TestUnitAndImage holds the systemd unit and the Dockerfile against the settings, and has systemd itself read the unit where it is there.
func TestUnitAndImage(t *testing.T) {
	t.Parallel()
	for file, pattern := range map[string]string{
		"../../deploy/systemd/usher.service": `(?m)^Environment=(USHER_\w+)=(\S+)`, "../../deploy/Dockerfile": `(USHER_\w+)=(\S+)`,
	} {
		env := map[string]string{}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(readFile(t, file), -1) {
			env[m[1]] = m[2]
		}
		knownVariables(t, file, env)
	}
	image := readFile(t, "../../deploy/Dockerfile")
	for _, want := range []string{"FROM scratch", "USER 65532:65532", "CGO_ENABLED=0", "go.mod go.sum"} {
		if !strings.Contains(image, want) {
			t.Errorf("the Dockerfile has no %q", want)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd-analyze is not here: the unit was not verified")
		return
	}
	// The unit names a program that is installed elsewhere; what systemd says of all else counts.
	unit := filepath.Join(t.TempDir(), "usher.service")
	text := strings.ReplaceAll(readFile(t, "../../deploy/systemd/usher.service"), "/usr/local/bin/usher", "/bin/true")
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	verify := exec.Command(analyze, "verify", "--man=no", unit)
	verify.Stdout, verify.Stderr = &said, &said
	if err := verify.Run(); err != nil || strings.Contains(said.String(), "usher.service:") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, &said)
	}
	said.Reset()
	security := exec.Command(analyze, "security", "--offline=true", "--threshold=20", unit)
	security.Stdout, security.Stderr = &said, &said
	if err := security.Run(); err != nil {
		t.Errorf("the unit leaves too much open: %v\n%s", err, &said)
	}
}
