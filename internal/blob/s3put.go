package blob

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"slices"

	"github.com/minio/minio-go/v7"

	"github.com/usher-kyc/usher/internal/vault"
)

// Put implements [Store]. It holds one part of the file in memory at a time.
func (s *S3) Put(ctx context.Context, obj Object, r io.Reader) (Info, error) {
	if err := checkOwner(obj.Tenant, obj.Applicant); err != nil {
		return Info{}, fmt.Errorf("put evidence: %w", err)
	}
	sealer, err := s.cfg.Keys(ctx, obj.Tenant, obj.Applicant)
	if err != nil {
		return Info{}, fmt.Errorf("put evidence: %w", err)
	}
	limit := s.cfg.MaxSize
	if obj.MaxSize > 0 {
		limit = min(limit, obj.MaxSize)
	}
	up := &sending{ctx: ctx, s: s}
	defer up.giveUp()
	sum, size, err := sealInto(ctx, up, sealer, r, limit)
	if err != nil {
		return Info{}, fmt.Errorf("put evidence: %w", err)
	}
	ref := Ref{Tenant: obj.Tenant, Applicant: obj.Applicant, SHA256: sum}
	meta, err := up.proof.sealed(sealer, ref)
	if err != nil {
		return Info{}, fmt.Errorf("put evidence: %w", err)
	}
	if err := up.place(s.key(ref.String()), meta); err != nil {
		return Info{}, fmt.Errorf("put evidence: %w", err)
	}
	return Info{Ref: ref, Size: size}, nil
}

// sealInto encrypts r into w. It gives the SHA-256 and the size of what it read.
func sealInto(ctx context.Context, w io.Writer, sealer Sealer, r io.Reader, limit int64) (string, int64, error) {
	sealed, err := sealer.EncryptingWriter(w, []byte(sealedAs))
	if err != nil {
		return "", 0, err
	}
	sum := sha256.New()
	// One byte more than allowed tells a file that is too large from one that just fits.
	size, err := io.Copy(io.MultiWriter(sum, sealed), io.LimitReader(cancellable{ctx, r}, limit+1))
	if err != nil {
		return "", 0, err
	}
	if size > limit {
		return "", 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return hex.EncodeToString(sum.Sum(nil)), size, sealed.Close()
}

// proof is what ties a sealed stream to the name it is kept under: the header, which no other stream has, and the size. Sealed and kept with the
// object it lets a part be read without the whole.
type proof struct {
	header []byte
	size   int64 // of the sealed stream
}

const proofKey = "Usher-Proof" // user metadata of an object

func proofOf(ref Ref) []byte { return []byte("usher/v1 evidence proof " + ref.SHA256) }

func (p proof) sealed(sealer Sealer, ref Ref) (map[string]string, error) {
	raw, err := sealer.Seal(binary.BigEndian.AppendUint64(slices.Clone(p.header), uint64(p.size)), proofOf(ref))
	if err != nil {
		return nil, err
	}
	return map[string]string{proofKey: base64.RawURLEncoding.EncodeToString(raw)}, nil
}

func openProof(sealer Sealer, ref Ref, text string) (proof, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		raw, err = sealer.Open(raw, proofOf(ref))
	}
	if err != nil || len(raw) != vault.HeaderSize+8 {
		return proof{}, fmt.Errorf("%w: its proof is of another file", ErrDamaged)
	}
	return proof{header: raw[:vault.HeaderSize], size: int64(binary.BigEndian.Uint64(raw[vault.HeaderSize:]))}, nil
}

// sending takes a sealed stream and sends what does not fit into one part under a passing name.
type sending struct {
	ctx   context.Context // of the one Put it serves
	s     *S3
	part  bytes.Buffer
	proof proof
	temp  string // key of the passing name, "" while all fits into one part
	id    string // of the multipart upload
	parts []minio.CompletePart
}

func (u *sending) Write(p []byte) (int, error) {
	if missing := vault.HeaderSize - len(u.proof.header); missing > 0 {
		u.proof.header = append(u.proof.header, p[:min(missing, len(p))]...)
	}
	done := len(p)
	u.proof.size += int64(done)
	for len(p) > 0 {
		// Sent only when more comes, so that a file of just one part needs no passing name.
		if u.part.Len() == u.s.cfg.PartSize {
			if err := u.send(); err != nil {
				return 0, err
			}
		}
		n, _ := u.part.Write(p[:min(len(p), u.s.cfg.PartSize-u.part.Len())]) // a buffer takes all
		p = p[n:]
	}
	return done, nil
}

// send uploads what is held as the next part.
func (u *sending) send() error {
	ctx, cancel := context.WithTimeout(u.ctx, callTime)
	defer cancel()
	if u.temp == "" {
		temp := u.s.key(path.Join(tempFolder, rand.Text()))
		id, err := u.s.core.NewMultipartUpload(ctx, u.s.cfg.Bucket, temp, minio.PutObjectOptions{ContentType: sealedType})
		if err != nil {
			return u.s.failed("begin upload", err)
		}
		u.temp, u.id = temp, id
	}
	number := len(u.parts) + 1
	part, err := u.s.core.PutObjectPart(ctx, u.s.cfg.Bucket, u.temp, u.id, number, bytes.NewReader(u.part.Bytes()), int64(u.part.Len()),
		minio.PutObjectPartOptions{Md5Base64: md5Of(u.part.Bytes())})
	if err != nil {
		return u.s.failed("upload part", err)
	}
	u.parts = append(u.parts, minio.CompletePart{PartNumber: number, ETag: part.ETag})
	u.part.Reset()
	return nil
}

// place gives what was written its name, all at once.
func (u *sending) place(key string, meta map[string]string) error {
	if u.temp == "" {
		return u.s.put(u.ctx, key, u.part.Bytes(), meta)
	}
	if err := u.send(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(u.ctx, callTime)
	defer cancel()
	if _, err := u.s.core.CompleteMultipartUpload(ctx, u.s.cfg.Bucket, u.temp, u.id, u.parts, minio.PutObjectOptions{}); err != nil {
		return u.s.failed("end upload", err)
	}
	u.id = ""
	return u.s.copy(ctx, u.temp, key, meta)
}

// giveUp takes away what has a passing name. What it does not reach, the next sweep does.
func (u *sending) giveUp() {
	if u.temp == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), answerTime)
	defer cancel()
	if u.id != "" {
		_ = u.s.core.AbortMultipartUpload(ctx, u.s.cfg.Bucket, u.temp, u.id)
		return
	}
	_ = u.s.remove(ctx, u.temp)
}

const sealedType = "application/octet-stream"

// put stores a small object whole; the server compares it with its MD5, which is a checksum here and no more.
func (s *S3) put(ctx context.Context, key string, content []byte, meta map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := s.core.PutObject(ctx, s.cfg.Bucket, key, bytes.NewReader(content), int64(len(content)), md5Of(content), "",
		minio.PutObjectOptions{ContentType: sealedType, UserMetadata: meta})
	return s.failed("put object", err)
}

// copy has the store copy an object, with its metadata where meta is nil.
func (s *S3) copy(ctx context.Context, from, to string, meta map[string]string) error {
	_, err := s.core.Client.CopyObject(ctx,
		minio.CopyDestOptions{Bucket: s.cfg.Bucket, Object: to, UserMetadata: meta, ReplaceMetadata: meta != nil},
		minio.CopySrcOptions{Bucket: s.cfg.Bucket, Object: from})
	return s.failed("copy object", err)
}

func md5Of(content []byte) string {
	sum := md5.Sum(content)
	return base64.StdEncoding.EncodeToString(sum[:])
}
