package api

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
)

// Who may log in: enough for a sample, and for nothing else.
var passwords = map[string]string{
	"alice": "wonderland",
	"bob":   "builder",
}

// sessions maps tokens to users, as long as the process lives.
type sessions struct{ users sync.Map }

func (s *sessions) begin(user string) (token string) {
	token = rand.Text()
	s.users.Store(token, user)
	return token
}

func (s *sessions) user(token string) (string, bool) {
	user, ok := s.users.Load(token)
	if !ok {
		return "", false
	}
	return user.(string), true
}

func (a *API) login(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxJSON)
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "application/x-www-form-urlencoded" {
		return fail(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "a login is a form")
	}
	if err := r.ParseForm(); err != nil {
		return badRequest("%v", err)
	}
	user := r.PostForm.Get("user")
	if !knows(user, r.PostForm.Get("password")) {
		return fail(http.StatusUnauthorized, "BAD_CREDENTIALS", "no such user, or another password")
	}
	token := a.sessions.begin(user)
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return writeJSON(w, http.StatusOK, map[string]string{"user": user, "token": token})
}

func (a *API) me(w http.ResponseWriter, r *http.Request) error {
	user, ok := a.caller(r)
	if !ok {
		w.Header().Add("WWW-Authenticate", `Basic realm="shop"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="shop"`)
		return fail(http.StatusUnauthorized, "UNAUTHENTICATED", "log in, or send credentials")
	}
	return writeJSON(w, http.StatusOK, map[string]string{"user": user})
}

// caller tells who sent the request. Credentials win over the cookie.
func (a *API) caller(r *http.Request) (user string, ok bool) {
	if user, password, basic := r.BasicAuth(); basic {
		return user, knows(user, password)
	}
	if token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); bearer {
		return a.sessions.user(token)
	}
	cookie, err := r.Cookie("session")
	if err != nil {
		return "", false
	}
	return a.sessions.user(cookie.Value)
}

func (a *API) getCustomer(w http.ResponseWriter, r *http.Request) error {
	customer, err := a.store.Customer(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, customer)
}

func knows(user, password string) bool {
	want, known := passwords[user]
	return known && subtle.ConstantTimeCompare([]byte(password), []byte(want)) == 1
}
