package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/usher-kyc/usher/internal/mrz"
)

// None is the kind of a picture without a zone.
const None = "none"

// Case is one picture and what stands on it.
type Case struct {
	// File is relative to images/, or to the folder itself.
	File string `json:"file"`
	// Kind is TD1, TD2, TD3, MRVA, MRVB or none.
	Kind string `json:"kind"`
	// Lines are those of the zone from top to bottom, nil where there is none.
	Lines []string `json:"mrz"`
}

// Kinds lists what a Case may be, none last.
func Kinds() []string { return []string{"TD1", "TD2", "TD3", "MRVA", "MRVB", None} }

// KindOf writes a format as a manifest does.
func KindOf(f mrz.Format) string { return strings.ReplaceAll(string(f), "-", "") }

// Names within a folder.
const (
	manifestName = "manifest.json"
	imagesName   = "images"
)

// Load reads the manifest of a folder; blanks and small letters of its lines do not count. It fails where a picture is not there, a kind is unknown, or a kind and its lines do
// not go together, so that a mistake in the folder is not counted against the reader.
func Load(folder fs.FS) ([]Case, error) {
	raw, err := fs.ReadFile(folder, manifestName)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	var cases []Case
	if err := json.Unmarshal(raw, &cases); err != nil {
		return nil, fmt.Errorf("read %s: %w", manifestName, err)
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("%s lists no picture", manifestName)
	}
	for i := range cases {
		c := &cases[i]
		for row, line := range c.Lines {
			c.Lines[row] = strings.ToUpper(strings.Join(strings.Fields(line), ""))
		}
		if !slices.Contains(Kinds(), c.Kind) {
			return nil, fmt.Errorf("%s: %s: kind %q is none of %s", manifestName, c.File, c.Kind, strings.Join(Kinds(), ", "))
		}
		if (c.Kind == None) != (len(c.Lines) == 0) {
			return nil, fmt.Errorf("%s: %s: kind %s with %d lines", manifestName, c.File, c.Kind, len(c.Lines))
		}
		if c.File, err = find(folder, c.File); err != nil {
			return nil, err
		}
	}
	return cases, nil
}

// find gives the path of a picture within the folder.
func find(folder fs.FS, file string) (string, error) {
	for _, at := range []string{path.Join(imagesName, file), path.Clean(file)} {
		if _, err := fs.Stat(folder, at); err == nil {
			return at, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find picture: %w", err)
		}
	}
	return "", fmt.Errorf("%s names %s, which is neither in %s/ nor in the folder", manifestName, file, imagesName)
}
