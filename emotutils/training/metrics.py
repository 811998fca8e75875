"""What is counted during a training beside loss and accuracy."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("emotutils")
class UnweightedAverageRecall(keras.metrics.Metric):
    """Mean of the recalls of the labels that occurred; one-hot labels in, as the training batches
    give them.

    Parameters
    ----------
    n_labels : how many labels the network tells apart.
    name : under which the history has it.
    """

    def __init__(self, n_labels: int, name: str = "uar", **kwargs):
        super().__init__(name=name, **kwargs)
        self.n_labels = n_labels
        self.hits = self.add_variable((n_labels,), initializer="zeros", name="hits")
        self.seen = self.add_variable((n_labels,), initializer="zeros", name="seen")

    def update_state(self, y_true, y_pred, sample_weight=None):
        label = ops.argmax(y_true, -1)
        answer = ops.argmax(y_pred, -1)
        right = ops.cast(ops.equal(label, answer), y_true.dtype)
        hits = y_true * right[:, None]
        self.hits.assign_add(ops.sum(hits, axis=0))
        self.seen.assign_add(ops.sum(y_true, axis=0))

    def result(self):
        recalls = self.hits / ops.maximum(self.seen, 1)
        occurred = ops.cast(self.seen > 0, self.seen.dtype)
        return ops.sum(recalls) / ops.maximum(ops.sum(occurred), 1)

    def get_config(self):
        return {**super().get_config(), "n_labels": self.n_labels}
