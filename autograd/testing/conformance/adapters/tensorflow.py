"""TensorFlow."""

from autograd.testing.conformance.adapter import Adapter, same

__all__ = ["ADAPTER"]

ADAPTER = Adapter(
    name="tensorflow",
    install="pip install tensorflow-cpu",
    # Of accumulators in one another an operation's slope is traced once a level if it runs by itself: as one
    # graph, which nothing rewrites, they take a fifth of the time. Some functions are refused in a graph.
    setup="""\
import os; os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3"); import tensorflow as tf
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
def reverse(f, i):
    def derivative(*a):
        with tf.GradientTape() as tape:
            tape.watch(a[i]); y = f(*a)
        return tape.gradient(y, a[i], unconnected_gradients="zero")
    return derivative
def forward(f, i):
    inner = getattr(f, "alone", None)
    def derivative(*a):
        with tf.autodiff.ForwardAccumulator(a[i], tf.ones_like(a[i])) as accumulator:
            y = (inner or f)(*a)
        return accumulator.jvp(y, unconnected_gradients="zero")
    ways = [derivative, tf.function(derivative, autograph=False)][: 2 if inner else 1]
    def nested(*a):
        try:
            return ways[-1](*a)
        except (IndexError, TypeError):
            del ways[1:]
        return derivative(*a)
    nested.alone = derivative
    return nested
""",
    version="tf.__version__",
    array="lambda values, dtype: tf.constant(values, dtype=dtype)",
    numbers="lambda d: d.numpy().tolist()",
    derivative={"reverse": "reverse", "forward": "forward"},
    functions={
        **same(
            "tf.math.{}(x)",
            "reciprocal square exp expm1 sin cos tan sinh cosh tanh abs sign floor ceil round sqrt rsqrt "
            "log log1p erf erfc digamma lgamma asin acos atan asinh acosh atanh sigmoid softplus",
        ),
        **same("tf.nn.{}(x)", "silu relu elu selu relu6"),
        "leaky_relu": "tf.nn.leaky_relu(x, alpha=0.01)",
        "logsigmoid": "tf.math.log_sigmoid(x)",
        "gelu": "tf.nn.gelu(x)",
        "exp2": "tf.keras.ops.exp2(x)",
        "sinc": "tf.keras.ops.sinc(x)",
        "log2": "tf.keras.ops.log2(x)",
        "log10": "tf.keras.ops.log10(x)",
        "cube": "x ** 3",
        "inverse_square": "x ** -2",
        "power_5_2": "x ** 2.5",
        "mul": "x * y",
        "div": "x / y",
        "pow": "tf.math.pow(x, y)",
        "atan2": "tf.math.atan2(x, y)",
        "logaddexp": "tf.keras.ops.logaddexp(x, y)",
        "maximum": "tf.math.maximum(x, y)",
        "minimum": "tf.math.minimum(x, y)",
        "xlogy": "tf.math.xlogy(x, y)",
        "xlog1py": "tf.math.xlog1py(x, y)",
        "norm": "tf.norm(tf.stack([x, y]), axis=0)",
        "softmax": "tf.nn.softmax(tf.stack([x, y]), axis=0)[0]",
        "log_softmax": "tf.nn.log_softmax(tf.stack([x, y]), axis=0)[0]",
        "logsumexp": "tf.math.reduce_logsumexp(tf.stack([x, y]), axis=0)",
        "max": "tf.math.reduce_max(tf.stack([x, y]), axis=0)",
        "prod": "tf.math.reduce_prod(tf.stack([x, y, z]), axis=0)",
    },
    jit="lambda f: tf.function(f, jit_compile=True)",
    jit_is_slow=True,
)
