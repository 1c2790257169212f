package share

import "context"

// Part is what one caller hands over.
type Part[R any] struct {
	Manner
	Do Write[R]
}

// Together does writes as one batch, and returns what each caller is told.
func Together[R any](w *Writes[R], parts ...Part[R]) []error {
	var batch []*job[R]
	for _, p := range parts {
		batch = append(batch, &job[R]{Manner: p.Manner, do: p.Do, done: make(chan struct{})})
	}
	w.commit(append([]*job[R](nil), batch...))
	told := make([]error, len(batch))
	for i, j := range batch {
		<-j.done
		told[i] = j.err
	}
	return told
}

// Answer answers questions with one statement.
func Answer[Q, A any](q *Questions[Q, A], asked []Q) (answers []A, errs []error) {
	var batch []*question[Q, A]
	for _, one := range asked {
		batch = append(batch, &question[Q, A]{ctx: context.Background(), asked: one, done: make(chan struct{})})
	}
	q.answer(append([]*question[Q, A](nil), batch...))
	for _, one := range batch {
		<-one.done
		answers, errs = append(answers, one.answer), append(errs, one.err)
	}
	return answers, errs
}
