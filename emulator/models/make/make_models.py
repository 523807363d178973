"""Writes the default models of the local Vertex AI: real files, by the formats' own converters, each tiny.

    python make_models.py            writes ../files and ../default.json
    python make_models.py --check    loads every file again with its own runtime

Put in by hand, since no package carries the tools that write them: the Edge TPU compiler's operator in
edgetpu_model.tflite (see `edgetpu`), and the text files around the tabular model and the tuned model.
"""

import io
import json
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf

HERE = Path(__file__).resolve().parent.parent
FILES = HERE / "files"
LABELS = ["daisy", "dandelion", "rose", "sunflower", "tulip"]
PARENT = "projects/demo-project/locations/us-central1/models"


def image_network():
    tf.keras.utils.set_random_seed(7)
    return tf.keras.Sequential(
        [
            tf.keras.layers.InputLayer((16, 16, 3), name="image"),
            tf.keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            tf.keras.layers.GlobalAveragePooling2D(),
            tf.keras.layers.Dense(len(LABELS), activation="softmax", name="scores"),
        ]
    )


def write_saved_model(model, folder, names):
    class Served(tf.Module):
        pass

    served = Served()
    served.model = model
    signature = tf.function(
        lambda x: {names[1]: model(x)}, input_signature=[tf.TensorSpec([None] + list(model.input_shape[1:]), name=names[0])]
    )
    tf.saved_model.save(served, str(folder), signatures=signature.get_concrete_function())


def tflite_bytes(model):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def with_labels(model_bytes):
    """Appends the zip of associated files, as TFLite's metadata does: stored, its offsets counted from the file's start."""
    buffer = io.BytesIO(model_bytes)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("labels.txt"), "\n".join(LABELS) + "\n")
    return buffer.getvalue()


def edgetpu(model_bytes):
    """A TFLite model whose first operator is made the Edge TPU compiler's by hand; its description says so."""
    from tensorflow.lite.python import schema_py_generated as schema
    import flatbuffers
    from flatbuffers import flexbuffers

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model_bytes, 0))
    code = schema.OperatorCodeT()
    code.deprecatedBuiltinCode = code.builtinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"edgetpu-custom-op"
    code.version = 1
    model.operatorCodes.append(code)
    operator = model.subgraphs[0].operators[0]
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.builtinOptionsType = schema.BuiltinOptions.NONE
    operator.builtinOptions = None
    operator.customOptions = np.frombuffer(
        b"\x04\x00" + b"\x10\x00\x00\x00DWN1" + b"\x00" * 8 + flexbuffers.Dumps({"4": b"DWN1"}), dtype=np.uint8
    )
    model.description = b"Compiled operator put in by hand: not written by the Edge TPU compiler, does not run."
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def write_image(folder):
    model = image_network()
    lite = tflite_bytes(model)
    write(folder / "tflite/model.tflite", with_labels(lite))
    write(folder / "edgetpu-tflite/edgetpu_model.tflite", edgetpu(lite))
    write_saved_model(model, folder / "tf-saved-model", ("image_bytes", "scores"))
    write_tfjs(model, folder / "tf-js")
    write_core_ml(folder / "core-ml")
    for format_id in ("tf-js", "core-ml"):
        write(folder / format_id / "dict.txt", "\n".join(LABELS) + "\n")


def write_tfjs(model, folder):
    # The converter's package imports decision forests and JAX at once; a Keras network needs neither.
    from unittest.mock import MagicMock

    for name in ("tensorflow_decision_forests", "jax", "jax.experimental"):
        sys.modules.setdefault(name, MagicMock())
    from tensorflowjs.converters import save_keras_model

    save_keras_model(model, str(folder), weight_shard_size_bytes=512)


def write_core_ml(folder):
    from coremltools.models import datatypes, neural_network

    generator = np.random.default_rng(7)
    builder = neural_network.NeuralNetworkBuilder(
        [("image", datatypes.Array(48))], [("scores", datatypes.Array(len(LABELS)))]
    )
    weights = generator.standard_normal((len(LABELS), 48)).astype(np.float32)
    builder.add_inner_product("dense", weights, np.zeros(len(LABELS), np.float32), 48, len(LABELS), True, "image", "logits")
    builder.add_softmax("softmax", "logits", "scores")
    builder.spec.description.metadata.shortDescription = "Five flowers"
    write(folder / "model.mlmodel", builder.spec.SerializeToString())


def write_tabular(folder, seed):
    tf.keras.utils.set_random_seed(seed)
    model = tf.keras.Sequential([tf.keras.layers.InputLayer((4,)), tf.keras.layers.Dense(3, activation="softmax")])
    predict = folder / "predict/001"
    write_saved_model(model, predict, ("features", "scores"))
    (predict / "fingerprint.pb").unlink(missing_ok=True)
    # An empty protocol buffer message is a file of zero bytes: whole models have one.
    write(predict / "assets.extra/saved_model_config.pb", b"")
    container = "us-docker.pkg.dev/vertex-ai/automl-tabular/prediction-server:20240108_1325"
    write(folder / "environment.json", json.dumps({"container_uri": container}) + "\n")
    columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    write(folder / "feature_attributions.yaml", "inputs:\n" + "".join(f"  {c}:\n    inputTensorName: {c}\n" for c in columns))
    properties = "".join(f"  {c}:\n    type: string\n" for c in columns)
    write(folder / "instance.yaml", "title: TabularClassification\ntype: object\nproperties:\n" + properties)
    write(
        folder / "prediction_schema.yaml",
        "title: TabularClassification\ntype: object\nproperties:\n  classes:\n    type: array\n  scores:\n    type: array\n",
    )
    graph = tf.Graph().as_graph_def()
    for name in ("final_model_structure", "tables_server_metadata", "transformations"):
        write(folder / f"{name}.pb", graph.SerializeToString())


def write_custom(folder):
    import joblib
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(7)
    features = generator.standard_normal((60, 4))
    fitted = LogisticRegression().fit(features, (features[:, 0] > 0).astype(int))
    artifact = folder / "artifact"
    artifact.mkdir(parents=True)
    joblib.dump(fitted, artifact / "model.joblib")
    write(artifact / "code/__init__.py", "")
    serve = '"""Answers a prediction request with the fitted model."""\n\nimport joblib\n\nMODEL = joblib.load("model.joblib")\n'
    write(artifact / "code/serve.py", serve)
    image = folder / "image"
    image.mkdir()
    shutil.copy(artifact / "model.joblib", image / "model.joblib")
    write(image / "serve.py", serve)


def write_tuned(folder):
    from safetensors.numpy import save_file

    generator = np.random.default_rng(7)
    tensors = {
        "model.embed_tokens.weight": generator.standard_normal((64, 16)).astype(np.float16),
        "model.layers.0.mlp.down_proj.weight": generator.standard_normal((16, 32)).astype(np.float16),
        "model.norm.weight": np.ones(16, np.float16),
        "lm_head.weight": generator.standard_normal((64, 16)).astype(np.float16),
    }
    folder.mkdir(parents=True)
    names = sorted(tensors)
    shards = {f"model-0000{i + 1}-of-00002.safetensors": names[i::2] for i in range(2)}
    weight_map = {name: file for file, held in shards.items() for name in held}
    for file, held in shards.items():
        save_file({name: tensors[name] for name in held}, folder / file, metadata={"format": "pt"})
    index = {"metadata": {"total_size": sum(t.nbytes for t in tensors.values())}, "weight_map": weight_map}
    write(folder / "model.safetensors.index.json", json.dumps(index, indent=2) + "\n")
    config = {"architectures": ["LlamaForCausalLM"], "hidden_size": 16, "num_hidden_layers": 1, "vocab_size": 64}
    write(folder / "config.json", json.dumps(config, indent=2) + "\n")
    write(folder / "tokenizer_config.json", json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}) + "\n")
    vocabulary = {f"<{i}>": i for i in range(64)}
    write(folder / "tokenizer.json", json.dumps({"version": "1.0", "model": {"type": "WordLevel", "vocab": vocabulary}}) + "\n")
    (folder / "adapter").mkdir()
    lora = {"lora_A.weight": np.ones((2, 16), np.float16), "lora_B.weight": np.zeros((16, 2), np.float16)}
    save_file(lora, folder / "adapter/adapter_model.safetensors")
    write(folder / "adapter/adapter_config.json", json.dumps({"peft_type": "LORA", "r": 2}) + "\n")


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def entry(model_id, display_name, description, formats, exports, version="1", aliases=("default",), **fields):
    model = {
        "name": f"{PARENT}/{model_id}",
        "versionId": version,
        "versionAliases": list(aliases),
        "versionCreateTime": f"2026-09-0{version}T08:00:00.000000Z",
        "versionUpdateTime": f"2026-09-0{version}T08:05:00.000000Z",
        "displayName": display_name,
        "description": description,
        "createTime": "2026-09-01T08:00:00.000000Z",
        "updateTime": f"2026-09-0{version}T08:05:00.000000Z",
        "etag": f"AMEw9yM{model_id[-4:]}{version}=",
        **fields,
    }
    if formats:
        model["supportedExportFormats"] = [{"id": i, "exportableContents": list(c)} for i, c in formats]
    return {"model": model, "exports": exports, "durationMs": 4000}


def default_models():
    schema = "gs://google-cloud-aiplatform/schema/model/metadata/"
    artifact = ("ARTIFACT",)
    image_ids = ["tflite", "edgetpu-tflite", "tf-saved-model", "core-ml", "tf-js"]
    automl = {"modelSourceInfo": {"sourceType": "AUTOML"}}
    tabular = {**automl, "metadataSchemaUri": f"{schema}automl_tabular_1.0.0.yaml"}
    container = {"imageUri": "us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-3:latest"}
    return [
        entry(
            "4401170000000000001",
            "flowers",
            "Which of five flowers an image shows.",
            [(i, artifact) for i in image_ids],
            {i: {"directory": f"files/image/{i}"} for i in image_ids},
            metadataSchemaUri=f"{schema}automl_image_classification_1.0.0.yaml",
            labels={"team": "vision"},
            **automl,
        ),
        *[
            entry(
                "4401170000000000002",
                "iris",
                "Which kind of iris four measures belong to.",
                [("tf-saved-model", artifact)],
                {"tf-saved-model": {"directory": f"files/tabular-{version}"}},
                version=version,
                aliases=aliases,
                labels={"team": "tables"},
                **tabular,
            )
            for version, aliases in (("1", ["first"]), ("2", ["default"]))
        ],
        entry(
            "4401170000000000003",
            "churn",
            "A custom-trained scikit-learn model.",
            [("custom-trained", ("ARTIFACT", "IMAGE"))],
            {"custom-trained": {"directory": "files/custom/artifact", "image": "files/custom/image"}},
            containerSpec=container,
            modelSourceInfo={"sourceType": "CUSTOM"},
        ),
        entry(
            "4401170000000000004",
            "assistant-tuned",
            "A tuned language model in two shards.",
            [("custom-trained", artifact)],
            {"custom-trained": {"directory": "files/tuned"}},
            modelSourceInfo={"sourceType": "MODEL_GARDEN"},
        ),
        entry("4401170000000000005", "video-labels", "A type of model that can't be exported.", [], {}, **automl),
    ]


def check():
    import joblib
    from safetensors.numpy import load_file
    import coremltools

    image = FILES / "image"
    interpreter = tf.lite.Interpreter(str(image / "tflite/model.tflite"))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.zeros((1, 16, 16, 3), np.float32))
    interpreter.invoke()
    assert zipfile.ZipFile(image / "tflite/model.tflite").read("labels.txt").decode().split() == LABELS
    edge = (image / "edgetpu-tflite/edgetpu_model.tflite").read_bytes()
    assert edge[4:8] == b"TFL3" and b"edgetpu-custom-op" in edge
    for folder, shape in [(image / "tf-saved-model", (1, 16, 16, 3))] + [
        (FILES / f"tabular-{v}/predict/001", (1, 4)) for v in "12"
    ]:
        loaded = tf.saved_model.load(str(folder))
        assert abs(float(tf.reduce_sum(list(loaded.signatures["serving_default"](tf.zeros(shape)).values())[0])) - 1) < 1e-4
    web = json.loads((image / "tf-js/model.json").read_text())
    for group in web["weightsManifest"]:
        size = sum((image / "tf-js" / path).stat().st_size for path in group["paths"])
        assert len(group["paths"]) > 1 and size == sum(4 * int(np.prod(w["shape"])) for w in group["weights"])
    assert coremltools.utils.load_spec(str(image / "core-ml/model.mlmodel")).WhichOneof("Type") == "neuralNetwork"
    assert joblib.load(FILES / "custom/artifact/model.joblib").predict(np.ones((1, 4))).shape == (1,)
    index = json.loads((FILES / "tuned/model.safetensors.index.json").read_text())
    for name, file in index["weight_map"].items():
        assert name in load_file(FILES / "tuned" / file)
    total = sum(path.stat().st_size for path in FILES.rglob("*") if path.is_file())
    assert total < 1_000_000, total
    print(f"all load; {total} bytes")


def main():
    if "--check" not in sys.argv:
        shutil.rmtree(FILES, ignore_errors=True)
        write_image(FILES / "image")
        for version in (1, 2):
            write_tabular(FILES / f"tabular-{version}", seed=version)
        write_custom(FILES / "custom")
        write_tuned(FILES / "tuned")
        write(HERE / "default.json", json.dumps(default_models(), indent=2) + "\n")
    check()


if __name__ == "__main__":
    main()
