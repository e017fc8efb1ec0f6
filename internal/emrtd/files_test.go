package emrtd_test

import (
	"crypto/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/emrtd/synth"
)

func TestMRZ(t *testing.T) {
	t.Parallel()
	td1 := []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	for _, want := range [][]string{zone, td1} {
		got, err := emrtd.MRZ(synth.DG1(want...))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	for name, raw := range map[string][]byte{"nothing": nil, "a portrait": synth.DG2([]byte("\xff\xd8\xff")), "too short": synth.DG1("P<UTO")} {
		if _, err := emrtd.MRZ(raw); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

func TestPortrait(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file   []byte
		format string
		data   string
	}{
		"JPEG":                       {synth.DG2([]byte("\xff\xd8\xff picture")), emrtd.JPEG, "\xff\xd8\xff picture"},
		"JPEG 2000":                  {synth.DG2([]byte("\x00\x00\x00\x0cjP  \r\n")), emrtd.JPEG2000, "\x00\x00\x00\x0cjP  \r\n"},
		"JPEG 2000, without its box": {synth.DG2([]byte("\xff\x4f\xff\x51 stream")), emrtd.JPEG2000, "\xff\x4f\xff\x51 stream"},
		"ISO/IEC 39794-5": {
			[]byte("\x75\x1e\x7f\x61\x1b\x02\x01\x01\x7f\x60\x15\xa1\x03\x80\x01\x01\x7f\x2e\x0d\x65\x0b\xa1\x09\x80\x01\x03\x81\x04\xff\xd8\xff\x00"),
			emrtd.JPEG, "\xff\xd8\xff\x00",
		},
	} {
		got, err := emrtd.PortraitOf(tt.file)
		if diff := cmp.Diff(emrtd.Portrait{Format: tt.format, Data: []byte(tt.data)}, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	good := synth.DG2([]byte("\xff\xd8\xff picture"))
	for i := range good {
		if _, err := emrtd.PortraitOf(good[:i]); err == nil {
			t.Errorf("cut at %d was taken", i)
		}
	}
	if _, err := emrtd.PortraitOf(synth.DG2([]byte("BM bitmap"))); err == nil {
		t.Error("a bitmap was taken")
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	got, err := emrtd.Details(synth.DG11("ÅKERMAN<<ANNA<MARIA", "197408122384", "19740812", "STORGATAN 1<STOCKHOLM"))
	want := map[string]string{
		"full_name": "ÅKERMAN ANNA MARIA", "personal_number": "197408122384", "date_of_birth": "1974-08-12", "address": "STORGATAN 1 STOCKHOLM",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	got, err = emrtd.Details(synth.DG12("POLICE", "20250102"))
	if diff := cmp.Diff(map[string]string{"issuing_authority": "POLICE", "date_of_issue": "2025-01-02"}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	packed, err := emrtd.Details([]byte{0x6b, 7, 0x5f, 0x2b, 4, 0x19, 0x74, 0x08, 0x12})
	if err != nil || packed["date_of_birth"] != "1974-08-12" {
		t.Error(err, packed)
	}
	if _, err := emrtd.Details(synth.DG1(zone...)); err == nil {
		t.Error("DG1 was taken")
	}
}

func TestSynthChip(t *testing.T) {
	t.Parallel()
	chip, err := synth.New(rand.Reader, now, map[int][]byte{1: synth.DG1(zone...)})
	must(t, err)
	sod := parse(t, chip.SOD)
	proof, err := sod.Verify(list(t, chip.CSCA))
	must(t, err)
	if sod.Compare(1, chip.Groups[1]) != emrtd.Agrees || proof.Doubts(now, now) != nil {
		t.Error("a made-up chip is in order")
	}
}
