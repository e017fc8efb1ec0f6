// Command sbom writes what the program is made of: a CycloneDX 1.6 document on standard output, with the modules that are linked into cmd/usher
// and the work of others that is embedded, each with its licence. It ends with an error when a licence is not one of those that may be used.
//
// The way of data: go list names the modules, the licence file in each module's folder is told by its words, and the embedded files stand in a
// literal list below.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// allowed are the licences under which work of others may be part of the program.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "LicenseRef-Public-Domain"}

// embedded is work of others that is built in and is no Go module.
var embedded = []component{
	{Type: "file", Name: "internal/mrz/ocrb/ocrb.ttf", Version: "2012", licence: "LicenseRef-Public-Domain"},
	{Type: "machine-learning-model", Name: "internal/check/face/cascade/facefinder", Version: "1", licence: "MIT"},
}

type component struct {
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Version  string    `json:"version,omitempty"`
	PURL     string    `json:"purl,omitempty"`
	Licenses []license `json:"licenses,omitempty"`
	licence  string
}

type license struct {
	License struct {
		ID   string `json:"id,omitempty"`
		Name string `json:"name,omitempty"`
	} `json:"license"`
}

type bill struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Components []component `json:"components"`
}

func main() {
	list := flag.Bool("list", false, "write a list of names, versions and licences instead")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: sbom [-list] FOLDER of the module")
		os.Exit(2)
	}
	if err := write(os.Stdout, flag.Arg(0), *list); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// write writes the bill of the module in a folder.
func write(w io.Writer, root string, list bool) error {
	all, err := modules(root)
	if err != nil {
		return err
	}
	all = append(all, embedded...)
	slices.SortFunc(all, func(a, b component) int { return strings.Compare(a.Name, b.Name) })
	var wrong []error
	for i, c := range all {
		if !slices.Contains(allowed, c.licence) {
			wrong = append(wrong, fmt.Errorf("%s %s is under %q, which is not one of %v", c.Name, c.Version, c.licence, allowed))
		}
		var l license
		if l.License.ID = c.licence; strings.HasPrefix(c.licence, "LicenseRef-") {
			l.License.ID, l.License.Name = "", strings.TrimPrefix(c.licence, "LicenseRef-")
		}
		all[i].Licenses = []license{l}
		if list {
			fmt.Fprintf(w, "%-60s %-40s %s\n", c.Name, c.Version, c.licence)
		}
	}
	if !list {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		wrong = append(wrong, e.Encode(bill{Format: "CycloneDX", Spec: "1.6", Version: 1, Components: all}))
	}
	return errors.Join(wrong...)
}

// modules gives those that are linked into the program.
func modules(root string) ([]component, error) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/usher")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list modules: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	var all []component
	for _, line := range slices.Compact(lines) {
		path, rest, ok := strings.Cut(line, "\t")
		version, dir, both := strings.Cut(rest, "\t")
		if !ok || !both {
			continue
		}
		text, err := licenceText(dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, component{
			Type: "library", Name: path, Version: version, PURL: "pkg:golang/" + path + "@" + version, licence: licenceOf(text),
		})
	}
	return all, nil
}

// licenceText gives the licence file of a module, or of the folder above where a repository has several modules.
func licenceText(dir string) ([]byte, error) {
	for _, name := range []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING", "LICENCE", "License.txt", "LICENSE-MIT", "LICENSE.code"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return text, nil
		}
	}
	return nil, errors.New("it has no licence file")
}

// licenceOf tells a licence by its words, or gives "unknown".
func licenceOf(text []byte) string {
	said := strings.Join(strings.Fields(string(bytes.ToLower(text))), " ")
	has := func(words string) bool { return strings.Contains(said, words) }
	switch {
	case has("mozilla public license version 2.0"), has("mozilla public license, version 2.0"): // it names the GPL as another that may be chosen
		return "MPL-2.0"
	case has("gnu affero"), has("gnu general public license"), has("gnu lesser"):
		return "GPL"
	case has("apache license version 2.0"), has("apache license, version 2.0"):
		return "Apache-2.0"
	case has("redistribution and use in source and binary forms"):
		if has("neither the name") || has("names of its contributors") || has("the name of the copyright holder may not") || has("may not be used to endorse") {
			return "BSD-3-Clause"
		}
		return "BSD-2-Clause"
	case has("permission is hereby granted, free of charge"):
		return "MIT"
	case has("permission to use, copy, modify, and/or distribute"), has("permission to use, copy, modify, and distribute"):
		return "ISC"
	}
	return "unknown"
}
