"""Programs as files of ONNX, whose runtimes need neither Python nor this package.

`spelling` says how rows are written with ONNX's operators; `exporting` turns the statements of a rolled
program into nodes of its graph. Each result is a tensor of its own, flat, examples last; what reads numbers
takes them out of the tensors that hold them. A sum of products becomes an ``Einsum`` over its loops:

    z[i] = sum over j of w[i, j] * x[j], in lanes      Einsum(w, x, equation="ij,jz->iz")
"""
