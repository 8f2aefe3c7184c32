package artifact

import (
	"bytes"
	"context"
	"errors"

	"github.com/lambdagate/lambdagate/audit"
)

// descend visits the entries of a file that is an archive itself: one that
// begins like a zip, one that has an archive's extension, and, if it is held in
// memory, one that ends like a zip, as self-extracting ones do.
func (w *worker) descend(ctx context.Context, f *file, it item) error {
	named := hasArchiveExtension(f.info.Path)
	if f.isWhole && !named && !looksLikeZip(f.whole) {
		return nil
	}
	r, err := f.ReaderAt()
	if err != nil {
		return w.failed(ctx, f.info.Path, err)
	}
	defer func() { _ = r.Close() }() // it was only read
	begins := hasMagic(r, 0, localMagic)
	if !f.isWhole && !named && !begins {
		return nil
	}
	d, err := readDirectory(r, it.info.Size, w.limits)
	if err != nil {
		return w.noArchive(ctx, f, named, begins, err)
	}
	if it.level >= w.limits.Depth {
		e := &LimitError{Limit: limitDepth, Value: int64(it.level) + 1, Max: int64(w.limits.Depth)}
		w.problem(audit.Problem{Path: it.info.Path, Reason: e.reason()})
		return nil
	}
	bill := it.account
	if bill == nil {
		bill = &account{packed: it.info.Size}
	}
	// Charged before they are parsed: several workers may be about to.
	if err := w.meter.charge(bill, int64(len(d.offsets)), 0); err != nil {
		return err
	}
	ix, err := d.index(ctx, r, it.info.Path+nestedSeparator, w.limits)
	if err != nil {
		return w.noArchive(ctx, f, named, begins, err)
	}
	return w.entries(ctx, ix, it, bill)
}

// noArchive judges what can't be opened as a zip. A file of another kind has
// been visited as the plain bytes it is; one that claims to be an archive hides
// something.
func (w *worker) noArchive(ctx context.Context, f *file, named, begins bool, err error) error {
	var limit *LimitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &limit):
		return err
	case errors.Is(err, errNoDirectory), errors.Is(err, errDamaged):
		if named && (begins || !errors.Is(err, errNoDirectory)) {
			w.problem(audit.Problem{Path: f.info.Path, Reason: err.Error() + ", so what is inside was not examined"})
		}
		return nil
	}
	return w.failed(ctx, f.info.Path, err)
}

// entries visits what an archive holds, in the order of its data, so that an
// archive that can only be read forwards is.
func (w *worker) entries(ctx context.Context, ix *index, it item, bill *account) error {
	prefix := it.info.Path + nestedSeparator
	if err := w.meter.charge(bill, 0, ix.bytes); err != nil {
		return err
	}
	for _, p := range ix.problems {
		w.problem(p)
	}
	for _, i := range ix.inOrder() {
		inner := ix.item(ctx, i, prefix)
		inner.level, inner.account, inner.info.Layer = it.level+1, bill, it.info.Layer
		inner.info.HiddenBy, inner.info.Origin = it.info.HiddenBy, it.info.Origin
		if err := w.offer(ctx, inner); err != nil {
			return err
		}
	}
	return nil
}

// looksLikeZip says whether data begins with a local header or ends with an end
// record that has no comment.
func looksLikeZip(data []byte) bool {
	return bytes.HasPrefix(data, []byte(localMagic)) ||
		len(data) >= endLen && bytes.HasPrefix(data[len(data)-endLen:], []byte(endMagic))
}
