"""Attributes that PyTorch's modules have and these have not, and what to write instead."""

from __future__ import annotations

from autograd.spellings import told_instead
from autograd.words import gettext

__all__ = ["missing"]

_ARITHMETIC = "write nothing: its numbers are doubles in the processor's memory"
_ATTRIBUTE = "write self.name = ...: attributes that are Values or modules are its parameters and parts"
_OF_MODULES = {
    **dict.fromkeys(["to", "cpu", "cuda", "double", "float", "half", "bfloat16", "type", "to_empty",
                     "xpu", "ipu", "mtia", "share_memory"], _ARITHMETIC),
    **dict.fromkeys(["weight", "in_proj_weight", "weight_ih_l0", "weight_hh_l0"],
                    "write module.named_parameters(): each weight is a Value of its own"),
    **dict.fromkeys(["in_features", "in_channels", "input_size"], "write layer.nin, of an nn.Linear"),
    **dict.fromkeys(["out_features", "out_channels", "hidden_size"],
                    "write len(layer.neurons), of an nn.Linear"),
    **dict.fromkeys(["children", "named_children", "named_modules", "get_submodule"],
                    "write module.modules()"),
    "apply": "write a loop over module.modules()", "buffers": "write module.named_buffers()",
    **dict.fromkeys(["register_buffer", "register_parameter", "register_module", "add_module",
                     "set_submodule"], _ATTRIBUTE),
    "get_buffer": "write dict(module.named_buffers())[path]",
    "get_parameter": "write dict(module.named_parameters())[path]",
    **dict.fromkeys(["register_state_dict_pre_hook", "register_state_dict_post_hook",
                     "register_load_state_dict_pre_hook", "register_load_state_dict_post_hook",
                     "get_extra_state", "set_extra_state"],
                    "write a subclass whose state_dict() and load_state_dict() call super()'s"),
    **dict.fromkeys(["register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
                     "register_backward_hook", "register_full_backward_pre_hook"],
                    "write a subclass with forward, or x.register_hook(f) of a Value"),
    "requires_grad_": "give the optimizer the parameters that are to be trained, and no others",
    "compile": "write step = autograd.compile(f, model.parameters())",
    **dict.fromkeys(["fit", "fit_generator", "train_on_batch", "partial_fit"],
                    "write nn.fit(model, (x, y), loss, optimizer, epochs=10), or for scikit-learn "
                    "nn.sklearn.ScalarClassifier()"),
    **dict.fromkeys(["predict", "predict_proba", "predict_on_batch", "transform"],
                    "write [model(x) for x in samples], under autograd.no_grad()"),
    **dict.fromkeys(["evaluate", "score"], "write nn.evaluate(model, (x, y), loss)"),
    **dict.fromkeys(["get_weights", "trainable_weights", "trainable_variables", "weights", "variables"],
                    "write model.parameters()"),
    "set_weights": "write model.load_state_dict(state)", "save_weights": "write model.save(path)",
    "load_weights": "write model.load(path)",
    "append": "write nn.Sequential(*parts)", "extra_repr": "write module.summary()",
}  # fmt: skip


def missing(kind: str, name: str) -> AttributeError:
    """Return the error of an attribute that a module has not, with what to write.

    Examples
    --------
    >>> print(missing("Linear", "in_features"))
    'Linear' object has no attribute 'in_features'; write layer.nin, of an nn.Linear
    """
    said = gettext("{kind} object has no attribute {name}", kind=repr(kind), name=repr(name))
    return AttributeError(said + told_instead(_OF_MODULES.get(name, "")))
