"""What is counted during a training beside loss and accuracy."""

import keras


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
        right = keras.ops.equal(keras.ops.argmax(y_true, -1), keras.ops.argmax(y_pred, -1))
        hits = y_true * keras.ops.cast(right, y_true.dtype)[:, None]
        self.hits.assign_add(keras.ops.sum(hits, axis=0))
        self.seen.assign_add(keras.ops.sum(y_true, axis=0))

    def result(self):
        recalls = self.hits / keras.ops.maximum(self.seen, 1)
        occurred = keras.ops.sum(keras.ops.cast(self.seen > 0, self.seen.dtype))
        return keras.ops.sum(recalls) / keras.ops.maximum(occurred, 1)

    def get_config(self):
        return {**super().get_config(), "n_labels": self.n_labels}
