package synth

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/usher-kyc/usher/internal/mrz"
)

// FolderOptions say what pictures to write.
type FolderOptions struct {
	// Level of the photographs; ignored by pages, which take turns at clean, mild, small and hard.
	Level Level
	// Pages writes sheets without a zone instead of documents.
	Pages bool
	// Count of pictures; formats take turns.
	Count int
	// Seed of the first picture; the others have those that follow.
	Seed uint64
	// Width overrides the width of the level, in pixels.
	Width int
}

// entry is one line of a manifest, as internal/mrz/eval reads it.
type entry struct {
	File  string   `json:"file"`
	Kind  string   `json:"kind"`
	Lines []string `json:"mrz"`
}

// Make writes pictures into images/ of a folder, and beside it manifest.json, which says what stands on each.
func (p *Press) Make(folder string, o FolderOptions) error {
	images := filepath.Join(folder, "images")
	if err := os.MkdirAll(images, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	list := make([]entry, 0, o.Count)
	for i := range o.Count {
		picture, e, err := p.entry(o, i)
		if err != nil {
			return err
		}
		raw, err := picture.File()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(images, e.File), raw, 0o600); err != nil {
			return fmt.Errorf("write picture: %w", err)
		}
		list = append(list, e)
	}
	raw, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "manifest.json"), append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// entry draws the picture of a number.
func (p *Press) entry(o FolderOptions, i int) (Picture, entry, error) {
	seed := o.Seed + uint64(i)
	if o.Pages {
		levels := []Level{Clean, Mild, Small, Hard}
		level := levels[(i/len(pages()))%len(levels)]
		if o.Width > 0 {
			level.Width = o.Width
		}
		drawn, err := p.Page(seed, level)
		return drawn, entry{File: fmt.Sprintf("page-%04d.jpg", seed), Kind: "none"}, err
	}
	formats := Formats()
	format := formats[i%len(formats)]
	drawn, err := p.Draw(Options{Format: format, Level: o.Level, Seed: seed, Width: o.Width})
	return drawn, entry{File: fmt.Sprintf("%s-%04d.jpg", o.Level.Name, seed), Kind: kindOf(format), Lines: drawn.Lines}, err
}

// kindOf writes a format as a manifest does.
func kindOf(f mrz.Format) string { return strings.ReplaceAll(string(f), "-", "") }
