package mobbscan

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"

	"github.com/usher-kyc/usher"
)

// zip answers with everything about a process in one archive: the evidence pack, or, of a server that writes none, data and evidence.
func (s *server) zip(r request) error {
	found, err := s.named(r)
	if err != nil {
		return err
	}
	return r.send(file{verification: found.ID, kind: "zip", contentType: "application/zip", name: found.ID}, func(w io.Writer) error {
		if s.Report != nil {
			return s.Report.Zip(r.Context(), w, r.tenant(), found.ID, found.Locale, r.p.Actor())
		}
		return s.archive(r, w, found)
	})
}

// archive writes data.json and each piece of evidence under the vendor's name.
func (s *server) archive(r request, w io.Writer, of usher.Session) error {
	a, err := s.Service.Applicant(r.Context(), r.tenant(), of.ApplicantID)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(s.dataOf(of, a), "", "  ")
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	create := func(name string) (io.Writer, error) {
		return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: of.UpdatedAt})
	}
	entry, err := create("data.json")
	if err == nil {
		_, err = entry.Write(data)
	}
	for _, on := range []shelf{images, recordings} {
		for _, name := range s.namesOf(of, on) {
			if err != nil {
				break
			}
			e, _ := on.find(of, name)
			if entry, err = create(name + extension(e.ContentType)); err == nil {
				err = s.copyNamed(r, entry, of, name, e)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return z.Close()
}
