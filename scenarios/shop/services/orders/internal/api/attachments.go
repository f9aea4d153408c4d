package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
)

// attachment is what arrived in one part of an upload.
type attachment struct {
	Name        string `json:"name"`
	Filename    string `json:"filename"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	ContentType string `json:"content_type"`
}

func (a *API) attach(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		return fail(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "%v", err)
	}
	attachments := []attachment{}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return writeJSON(w, http.StatusOK, attachments)
		} else if err != nil {
			return malformed(err)
		}
		digest := sha256.New()
		size, err := io.Copy(digest, part)
		if err != nil {
			return malformed(err)
		}
		attachments = append(attachments, attachment{
			Name:        part.FormName(),
			Filename:    part.FileName(),
			Size:        size,
			SHA256:      hex.EncodeToString(digest.Sum(nil)),
			ContentType: part.Header.Get("Content-Type"),
		})
	}
}

// malformed blames the sender, unless the upload is merely too large.
func malformed(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return badRequest("%v", err)
}
