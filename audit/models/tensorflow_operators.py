"""The operators of TensorFlow that a SavedModel may hold: arithmetic of tensors, and reading its own variables."""

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "Case", "StatelessCase"})
"""Those that hold functions, which are looked into too."""
PLUMBING = (
    *("Placeholder", "PlaceholderWithDefault", "Const", "Identity", "IdentityN", "NoOp", "StopGradient", "Snapshot"),
    *("PreventGradient", "ReadVariableOp", "ResourceGather", "Assert", "EnsureShape", "CheckNumerics", "Cast"),
)
ARITHMETIC = (
    *("Abs", "Add", "AddN", "AddV2", "Sub", "Mul", "MulNoNan", "Div", "DivNoNan", "RealDiv", "FloorDiv", "FloorMod"),
    *("Mod", "TruncateDiv", "Maximum", "Minimum", "Pow", "Square", "SquaredDifference", "Sqrt", "Rsqrt", "Reciprocal"),
    *("Inv", "Neg", "Exp", "Expm1", "Log", "Log1p", "Sin", "Cos", "Tan", "Atan", "Erf", "Erfc", "Floor", "Ceil"),
    *("Round", "Rint", "Sign", "ClipByValue", "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"),
    *("LogicalAnd", "LogicalOr", "LogicalNot", "Select", "SelectV2", "IsFinite", "IsNan", "IsInf"),
    *("Mean", "Sum", "Max", "Min", "Prod", "All", "Any", "ArgMax", "ArgMin", "Cumsum", "EuclideanNorm", "L2Loss"),
    *("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum", "MatrixBandPart"),
)
LAYERS = (
    *("BiasAdd", "BiasAddV1", "Conv2D", "Conv2DBackpropInput", "Conv", "DepthwiseConv2dNative", "Dilation2D"),
    *("AvgPool", "MaxPool", "MaxPoolV2", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "LRN", "TopKV2"),
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Softmax", "LogSoftmax"),
)
GRADIENTS = (
    *("ReluGrad", "Relu6Grad", "LeakyReluGrad", "EluGrad", "SeluGrad", "SigmoidGrad", "TanhGrad", "SoftplusGrad"),
    *("SqrtGrad", "RsqrtGrad", "BroadcastGradientArgs", "Conv2DBackpropFilter"),
    *("DepthwiseConv2dNativeBackpropInput", "AvgPoolGrad", "MaxPoolGrad", "FusedBatchNormGradV3", "BiasAddGrad"),
)
"""In functions that state a derivative."""
SHAPES = (
    *("Reshape", "Transpose", "ConjugateTranspose", "Squeeze", "ExpandDims", "Shape", "ShapeN", "Size", "Rank"),
    *("Slice", "StridedSlice", "Split", "SplitV", "Concat", "ConcatV2", "ConcatOffset", "Pack", "Unpack", "Pad"),
    *("PadV2", "MirrorPad", "Tile", "Gather", "GatherV2", "GatherNd", "Fill", "ZerosLike", "OnesLike", "Range"),
    *("LinSpace", "BroadcastTo", "BroadcastArgs", "OneHot", "Reverse", "ReverseV2", "Roll", "SpaceToDepth"),
    *("DepthToSpace", "SpaceToBatchND", "BatchToSpaceND", "InvertPermutation", "Where", "TensorScatterUpdate"),
)
PICTURES = (
    *("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea", "CropAndResize", "AdjustContrastv2"),
    *("AdjustHue", "AdjustSaturation", "RGBToHSV", "HSVToRGB", "ImageProjectiveTransformV3", "ScaleAndTranslate"),
)
ALLOWED = CALLS | {*PLUMBING, *ARITHMETIC, *LAYERS, *GRADIENTS, *SHAPES, *PICTURES}
"""None of them reads or writes a file, opens a connection, runs Python, or draws random numbers."""
