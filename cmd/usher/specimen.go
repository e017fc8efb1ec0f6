package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/emrtd/synth"
	"github.com/usher-kyc/usher/internal/specimen"
)

// specimenCommand writes made-up files to try things out with.
func specimenCommand(_ context.Context, c console, args []string) error {
	fs := flag.NewFlagSet("usher specimen", flag.ContinueOnError)
	fs.SetOutput(c.err)
	out := fs.String("out", "chip", "folder to write to")
	words, err := parseFlags(fs, args)
	if err != nil {
		return err
	}
	if !slices.Equal(words, []string{"chip"}) {
		return usageError{errors.New("there are specimens of one kind: chip")}
	}
	files, err := specimenChip()
	if err != nil {
		return fmt.Errorf("make up a chip: %w", err)
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return fmt.Errorf("write specimen: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(*out, f.name)
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			return fmt.Errorf("write specimen: %w", err)
		}
		fmt.Fprintf(c.out, "%s\t%d bytes\n", path, len(f.data))
	}
	return nil
}

type specimenFile struct {
	name string
	data []byte
}

// specimenChip makes up a passport of Utopia: its picture, the files of its chip, and the certificate of who signed them.
func specimenChip() ([]specimenFile, error) {
	var nobody specimen.Person
	page, err := specimen.Passport(nobody)
	if err != nil {
		return nil, err
	}
	zone, err := specimen.PassportZone(nobody)
	if err != nil {
		return nil, err
	}
	front, err := specimen.JPEG(specimen.Photo(page, 1))
	if err != nil {
		return nil, err
	}
	portrait, err := specimen.JPEG(specimen.Portrait(nobody))
	if err != nil {
		return nil, err
	}
	groups := map[int][]byte{
		1: synth.DG1(zone...), 2: synth.DG2(portrait), 11: synth.DG11("ERIKSSON<<ANNA<MARIA", "", "19740812", ""), 12: synth.DG12("UTOPIA", "20250101"),
	}
	chip, err := synth.New(rand.Reader, time.Now(), groups)
	if err != nil {
		return nil, err
	}
	kind := func(k usher.EvidenceKind) string { return string(k) + ".bin" }
	return []specimenFile{
		{"csca.pem", chip.CSCA},
		{kind(usher.ChipSOD), chip.SOD},
		{kind(usher.ChipDG1), groups[1]},
		{kind(usher.ChipDG2), groups[2]},
		{kind(usher.ChipDG11), groups[11]},
		{kind(usher.ChipDG12), groups[12]},
		{"document_front.jpg", front},
	}, nil
}
