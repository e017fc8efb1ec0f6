package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/usher-kyc/usher/internal/blob"
)

// evidence keeps files: in a folder of this machine, or in a bucket that nodes share.
type evidence interface {
	blob.Store
	Parts() blob.Parts
	Ping(ctx context.Context) error
	Close() error
}

// evidenceFolder is where files are while the setting blob is empty.
func (s settings) evidenceFolder() string { return filepath.Join(s.Data, "evidence") }

// openEvidence opens what the setting blob names.
func (s settings) openEvidence(ctx context.Context, keys blob.Keys) (evidence, error) {
	if s.Blob == "" {
		return blob.OpenFolder(blob.FolderConfig{Dir: s.evidenceFolder(), Keys: keys})
	}
	return s.openBucket(ctx, keys)
}

func (s settings) openBucket(ctx context.Context, keys blob.Keys) (*blob.S3, error) {
	cfg, err := s.bucket()
	if err != nil {
		return nil, err
	}
	cfg.Keys = keys
	return blob.OpenS3(ctx, cfg)
}

// bucket reads where files are kept and by whose key.
func (s settings) bucket() (blob.S3Config, error) {
	cfg, err := blob.ParseS3(s.Blob)
	if err != nil {
		return cfg, fmt.Errorf("blob: %w", err)
	}
	if s.BlobKey != "" {
		var found bool
		if cfg.AccessKey, cfg.SecretKey, found = strings.Cut(s.BlobKey, ":"); !found || cfg.AccessKey == "" || cfg.SecretKey == "" {
			return cfg, errors.New("blob-key: write the id of the access key and its secret with a colon between them, ID:SECRET")
		}
	}
	if cfg.Allow, err = prefixes(s.Allow); err != nil {
		return cfg, fmt.Errorf("allow: %w", err)
	}
	return cfg, nil
}
