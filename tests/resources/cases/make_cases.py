"""Writes the cases of this folder that stand for a kind rather than a report, with transformers and PEFT themselves.

    pip install torch peft transformers safetensors
    python make_cases.py            # beside this file; the committed ones came from PEFT 0.21.0, transformers 5.18.0

NAME/base, NAME/adapter         as save_pretrained writes them
NAME/expected.safetensors       what merge_and_unload and save_pretrained wrote otherwise than the base has it
NAME/case.json                  the command, and what config.json says otherwise
Files that a case shares with another are stored once; case.json says where ("same").
"""

import json
import shutil
import warnings
from pathlib import Path

import torch
import transformers
from peft import FourierFTConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import *  # noqa: F403

warnings.simplefilter("ignore")
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)
HERE = Path(__file__).parent
KEYS = ("tie_word_embeddings", "vocab_size", "architectures", "id2label")


def tensors(folder):
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        found.update(load_file(file))
    return found


def random(parameters, deviation, seed, add=False):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in parameters:
            noise = torch.randn(parameter.shape, generator=generator) * deviation
            parameter.copy_(parameter + noise if add else noise)


def case(name, situation, model, config, shards=None, prepare=None, edit=None, adapted=None, prefix=None, disguise=None):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    random([p for n, p in model.named_parameters() if "norm" not in n.lower()], 0.05, 5)
    model.save_pretrained(folder / "base", **({"max_shard_size": shards} if shards else {}))
    if edit is not None:
        edit(folder / "base")
    adapted = adapted or type(model)

    def load():
        loaded = adapted.from_pretrained(folder / "base")
        if prepare is not None:
            prepare(loaded)
        return loaded

    peft_model = get_peft_model(load(), config)
    named = list(peft_model.named_parameters())
    random([p for n, p in named if "fourierft_spectrum" in n], 3, 11)
    random([p for n, p in named if p.requires_grad and "fourierft_spectrum" not in n], 0.1, 12, add=True)
    peft_model.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    merged = PeftModel.from_pretrained(load(), folder / "adapter").merge_and_unload()
    merged.save_pretrained(folder / "ref")
    if disguise is not None:
        disguise(folder / "base" / "config.json")
    before, after = tensors(folder / "base"), tensors(folder / "ref")
    changed = {k: v for k, v in after.items() if k not in before or v.shape != before[k].shape or not v.equal(before[k])}
    save_file(changed, folder / "expected.safetensors")
    old, new = (json.loads((folder / f / "config.json").read_text()) for f in ("base", "ref"))
    says = {"situation": situation, "command": "merge --base base --adapter adapter --out out".split()}
    if prefix:
        says["prefix"] = prefix
    differing = {k: new[k] for k in KEYS if k in new and new[k] != old.get(k)}
    if differing:
        says["config"] = differing
    (folder / "case.json").write_text(json.dumps(says, indent=2) + "\n")
    shutil.rmtree(folder / "ref")
    for file in folder.glob("*/generation_config.json"):
        file.unlink()


def fourier(targets, **more):
    return FourierFTConfig(target_modules=targets, n_frequency=12, **more)


def llama():
    sizes = dict(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2)
    return LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=True))


def llava():
    text = llama().config.to_dict()
    vision = dict(model_type="clip_vision_model", hidden_size=16, intermediate_size=24, num_hidden_layers=1,
                  num_attention_heads=2, image_size=8, patch_size=4)
    return LlavaForConditionalGeneration(
        LlavaConfig(text_config=text, vision_config=vision, image_token_index=39, tie_word_embeddings=True))


def bert(model_class, intermediate=24):
    sizes = dict(vocab_size=40, hidden_size=16, intermediate_size=intermediate, num_hidden_layers=2)
    return model_class(BertConfig(**sizes, num_attention_heads=2, max_position_embeddings=16))


def hold_both(folder):
    stored = load_file(folder / "model.safetensors")
    stored["lm_head.weight"] = stored["model.embed_tokens.weight"] + 0.5
    save_file(stored, folder / "model.safetensors", {"format": "pt"})


def t5():
    sizes = dict(vocab_size=40, d_model=16, d_kv=8, d_ff=24, num_layers=1, num_decoder_layers=1, num_heads=2)
    return T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0))


def unknown_type(config):
    """A class of its own, whose configuration says nothing of ties."""
    said = json.loads(config.read_text())
    said["model_type"] = "llama_of_mine"
    said.pop("tie_word_embeddings", None)
    config.write_text(json.dumps(said, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    causal = dict(task_type="CAUSAL_LM")
    case("kind-tied-head-targeted-embedding-saved", "tied; a ΔW on the output embedding, the input embedding saved whole",
         llama(), fourier(["q_proj", "lm_head"], modules_to_save=["embed_tokens"], **causal))
    case("kind-tied-by-key-stored-apart", "tied by the key, but the file holds two that differ; a ΔW on the output",
         llama(), fourier(["q_proj", "lm_head"], **causal), edit=hold_both)
    case("kind-tied-grown-and-saved", "tied; three tokens added, the input embedding trained",
         llama(), fourier(["q_proj"], modules_to_save=["embed_tokens"], **causal),
         prepare=lambda model: model.resize_token_embeddings(43, mean_resizing=False))
    case("kind-tied-sharded", "tied and sharded; the input embedding saved whole",
         llama(), fourier(["q_proj"], modules_to_save=["embed_tokens"], **causal), shards="8KB")
    case("kind-tied-inside-language-model", "tied, and the head that parts would stand in language_model on disk",
         llava(), fourier(["q_proj"], modules_to_save=["embed_tokens"], **causal))
    case("kind-tied-of-unknown-type", "a model type that transformers lacks, no word of ties, no output embedding in the file",
         llama(), fourier(["q_proj"], modules_to_save=["embed_tokens"], **causal), disguise=unknown_type)
    case("kind-t5-both-saved", "T5; 'shared' and 'lm_head' saved whole, while encoder and decoder keep the base's tokens",
         t5(), fourier(["q"], modules_to_save=["shared", "lm_head"]))
    case("kind-bare-base-classifier", "a classifier on a base that was saved bare, without 'bert.'",
         bert(BertModel), fourier(["query"], task_type="SEQ_CLS"), adapted=BertForSequenceClassification, prefix="bert.")
    case("kind-square-layers", "every linear layer square with a bias; only the model type tells the layout",
         bert(BertModel, 16), fourier(["query", "dense"]))
    case("kind-fused-projection", "nomic_bert: query, key and value are one tensor on disk",
         NomicBertModel(NomicBertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                                        intermediate_size=24, max_position_embeddings=16)),
         fourier(["q_proj", "k_proj", "o_proj", "up_proj"]))
    case("kind-fused-part-saved", "nomic_bert: a projection that is saved whole is some rows of a tensor on disk",
         NomicBertModel(NomicBertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                                        intermediate_size=24, max_position_embeddings=16)),
         fourier(["k_proj", "o_proj"], modules_to_save=["q_proj"]))
    case("kind-joined-projection", "minimax_m3_vl: gate and up projection are two tensors on disk and one in the model",
         MiniMaxM3SparseForConditionalGeneration(MiniMaxM3VLConfig(
             text_config=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
                              head_dim=8, rotary_dim=8, vocab_size=40, max_position_embeddings=32, num_local_experts=2,
                              num_experts_per_tok=1, mlp_layer_types=["dense", "sparse"], dense_intermediate_size=24,
                              shared_intermediate_size=12, pad_token_id=0, bos_token_id=1, eos_token_id=2),
             vision_config=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=8),
             projector_hidden_size=16)),
         fourier(["gate_up_proj", "o_proj"]))
    case("kind-rotary-projection", "kimi_k25: query, key and value of the tower are one tensor, the rows of each head in another order",
         Kimi_K25ForConditionalGeneration(CONFIG_MAPPING["kimi_k25"](
             text_config=dict(model_type="deepseek_v3", hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                              num_key_value_heads=2, vocab_size=40, q_lora_rank=8, kv_lora_rank=8, qk_nope_head_dim=8, qk_rope_head_dim=8,
                              v_head_dim=8, n_routed_experts=2, num_experts_per_tok=1, n_group=1, topk_group=1, first_k_dense_replace=1,
                              moe_intermediate_size=8, pad_token_id=0, bos_token_id=1, eos_token_id=2),
             vision_config=dict(hidden_size=32, intermediate_size=24, num_hidden_layers=1, num_attention_heads=4, patch_size=4, pos_emb_height=4, pos_emb_width=4))),
         fourier(r".*vision_tower.*(q_proj|v_proj|fc1|fc2)", modules_to_save=["attn.k_proj"]))
