"""Compares this program with HuggingFace PEFT on one tiny model of every model family.

    pip install torch peft transformers safetensors
    python check_families.py PROJECT_DIR [NAME ...]

For each family: a random model as transformers writes it, a FourierFT adapter as PEFT writes it, what PEFT's
merge_and_unload and transformers' save_pretrained make of the two, and what `fourierft merge` makes of them. The same
tensor names, shapes and dtypes must come out, F32 within 2e-6 and 16-bit within 2e-3 relative Frobenius difference, and
the same config.json but for what only records versions. Prints a Markdown table; exit 1 if a family differs.
"""

import datetime
import inspect
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import peft
import torch
import transformers
from peft import FourierFTConfig, get_peft_model
from safetensors import safe_open

warnings.simplefilter("ignore")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

# Sizes by the names that configurations give them; a family takes those that its configuration knows.
SIZES = dict(
    hidden_size=32, d_model=32, n_embd=32, embed_dim=32, dim=32, word_embed_proj_dim=32,
    intermediate_size=48, ffn_dim=48, n_inner=48, hidden_dim=48, d_ff=48, decoder_ffn_dim=48, encoder_ffn_dim=48,
    moe_intermediate_size=24, shared_expert_intermediate_size=24,
    num_hidden_layers=2, n_layer=2, n_layers=2, num_layers=2, encoder_layers=2, decoder_layers=2,
    num_attention_heads=4, n_head=4, n_heads=4, num_heads=4, encoder_attention_heads=4, decoder_attention_heads=4,
    num_key_value_heads=2, head_dim=8, d_kv=8, vocab_size=96, max_position_embeddings=64, n_positions=64,
    num_experts=4, num_local_experts=4, n_routed_experts=4, num_experts_per_tok=2,
    image_size=16, patch_size=8, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)  # fmt: skip
VISION = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=16, patch_size=8)
TEXT = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            head_dim=8, vocab_size=96, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)  # fmt: skip

Q_V = ["q_proj", "v_proj"]
ALL = "all-linear"
EVERY = object()  # every Linear by its path, that of the head too

# Parts of models.
NECK = dict(neck_hidden_sizes=[8, 8, 16, 16], fusion_hidden_size=16)
STAGES = ["stage1", "stage2", "stage3", "stage4"]
RESNET = dict(model_type="resnet", embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1] * 4, layer_type="basic", out_features=STAGES)
SWIN = dict(model_type="swin", embed_dim=8, depths=[1] * 4, num_heads=[2] * 4, window_size=2, patch_size=2, image_size=32, out_features=STAGES)
LINEAR_ATTENTION = dict(linear_num_key_heads=2, linear_num_value_heads=2, linear_key_head_dim=8, linear_value_head_dim=8,
                        layer_types=["linear_attention", "full_attention"])  # fmt: skip

# name, model class, target modules (None: PEFT's own default of the family), what differs from SIZES; "saved" is modules_to_save
FAMILIES = [
    ("llama", "LlamaForCausalLM", Q_V, {}),
    ("llama, tied, bf16", "LlamaForCausalLM", Q_V, dict(tie_word_embeddings=True, dtype="bfloat16")),
    ("llama, sequence classification", "LlamaForSequenceClassification", Q_V, {}),
    ("mistral", "MistralForCausalLM", None, {}),
    ("mixtral", "MixtralForCausalLM", None, {}),
    ("qwen2", "Qwen2ForCausalLM", ALL, {}),
    ("qwen3", "Qwen3ForCausalLM", None, {}),
    ("qwen2_moe", "Qwen2MoeForCausalLM", Q_V, {}),
    ("qwen3_moe", "Qwen3MoeForCausalLM", Q_V, {}),
    ("gemma", "GemmaForCausalLM", None, {}),
    ("gemma2", "Gemma2ForCausalLM", None, {}),
    ("gemma3_text", "Gemma3ForCausalLM", None, {}),
    ("phi", "PhiForCausalLM", None, {}),
    ("phi3", "Phi3ForCausalLM", ["qkv_proj", "o_proj"], {}),
    ("phimoe", "PhimoeForCausalLM", Q_V, {}),
    ("gpt2", "GPT2LMHeadModel", None, {}),
    ("gpt2, attention", "GPT2LMHeadModel", ["c_attn", "c_proj"], {}),
    ("gpt_bigcode", "GPTBigCodeForCausalLM", None, {}),
    ("gpt_neo", "GPTNeoForCausalLM", Q_V, dict(attention_types=[[["global", "local"], 1]], num_layers=2, hidden_size=32)),
    ("gpt_neox", "GPTNeoXForCausalLM", None, {}),
    ("gptj", "GPTJForCausalLM", None, dict(rotary_dim=8)),
    ("opt", "OPTForCausalLM", None, {}),
    ("bloom", "BloomForCausalLM", None, {}),
    ("falcon", "FalconForCausalLM", None, {}),
    ("codegen", "CodeGenForCausalLM", ["qkv_proj"], dict(rotary_dim=8)),
    ("mpt", "MptForCausalLM", ["Wqkv"], {}),
    ("olmo", "OlmoForCausalLM", Q_V, {}),
    ("olmo2", "Olmo2ForCausalLM", Q_V, {}),
    ("stablelm", "StableLmForCausalLM", Q_V, {}),
    ("starcoder2", "Starcoder2ForCausalLM", Q_V, {}),
    ("cohere", "CohereForCausalLM", Q_V, {}),
    ("granite", "GraniteForCausalLM", Q_V, {}),
    ("glm4", "Glm4ForCausalLM", Q_V, {}),
    ("nemotron", "NemotronForCausalLM", Q_V, {}),
    ("smollm3", "SmolLM3ForCausalLM", Q_V, {}),
    ("olmoe", "OlmoeForCausalLM", Q_V, {}),
    ("gpt_oss", "GptOssForCausalLM", Q_V, {}),
    ("deepseek_v3", "DeepseekV3ForCausalLM", ["q_b_proj", "o_proj"],
     dict(q_lora_rank=16, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=8, n_group=2, topk_group=1,
          first_k_dense_replace=1, num_key_value_heads=4, n_shared_experts=1)),
    ("t5", "T5ForConditionalGeneration", None, {}),
    ("mt5", "MT5ForConditionalGeneration", None, {}),
    ("t5, encoder", "T5EncoderModel", None, {}),
    ("bart", "BartForConditionalGeneration", None, {}),
    ("mbart", "MBartForConditionalGeneration", Q_V, {}),
    ("pegasus", "PegasusForConditionalGeneration", Q_V, {}),
    ("marian", "MarianMTModel", Q_V, dict(decoder_start_token_id=0)),
    ("whisper", "WhisperForConditionalGeneration", Q_V, dict(num_mel_bins=8, max_source_positions=16, max_target_positions=16, decoder_start_token_id=1)),
    ("bert", "BertForSequenceClassification", None, {}),
    ("bert, masked language model", "BertForMaskedLM", ["query", "value"], {}),
    ("roberta", "RobertaForSequenceClassification", None, {}),
    ("xlm-roberta", "XLMRobertaForSequenceClassification", None, {}),
    ("distilbert", "DistilBertForSequenceClassification", ["q_lin", "v_lin"], {}),
    ("electra", "ElectraForSequenceClassification", None, dict(embedding_size=32)),
    ("deberta", "DebertaForSequenceClassification", ["in_proj"], {}),
    ("deberta-v2", "DebertaV2ForSequenceClassification", None, {}),
    ("albert", "AlbertForSequenceClassification", ["query", "value"], dict(embedding_size=16)),
    ("mpnet", "MPNetForSequenceClassification", ["attn.q", "attn.v"], {}),
    ("modernbert", "ModernBertForSequenceClassification", ["Wqkv"], {}),
    ("nomic_bert", "NomicBertModel", ["q_proj", "v_proj"], {}),
    ("esm", "EsmForSequenceClassification", ["query", "value"], dict(position_embedding_type="rotary", mask_token_id=3)),
    ("vit", "ViTForImageClassification", Q_V, {}),
    ("deit", "DeiTForImageClassification", Q_V, {}),
    ("beit", "BeitForImageClassification", Q_V, {}),
    ("dinov2", "Dinov2ForImageClassification", Q_V, dict(mlp_ratio=2)),
    ("swin", "SwinForImageClassification", Q_V, dict(embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=2, patch_size=2)),
    ("segformer", "SegformerForSemanticSegmentation", Q_V,
     dict(hidden_sizes=[16, 16, 16, 16], depths=[1, 1, 1, 1], num_attention_heads=[2, 2, 2, 2], decoder_hidden_size=16)),
    ("clip", "CLIPModel", Q_V, dict(text_config=TEXT, vision_config=VISION, projection_dim=16)),
    ("clip, vision alone", "CLIPVisionModelWithProjection", Q_V, dict(projection_dim=16)),
    ("siglip", "SiglipModel", Q_V, dict(text_config=TEXT, vision_config=VISION)),
    ("llava", "LlavaForConditionalGeneration", Q_V,
     dict(text_config=dict(model_type="llama", **TEXT), vision_config=dict(model_type="clip_vision_model", **VISION))),
    ("llava_next", "LlavaNextForConditionalGeneration", Q_V,
     dict(text_config=dict(model_type="mistral", **TEXT), vision_config=dict(model_type="clip_vision_model", **VISION))),
    ("qwen2_vl", "Qwen2VLForConditionalGeneration", Q_V,
     dict(text_config=dict(rope_parameters=dict(rope_type="default", mrope_section=[1, 1, 2]), **TEXT),
          vision_config=dict(depth=2, embed_dim=32, hidden_size=32, num_heads=4, mlp_ratio=2, patch_size=4))),
    ("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", Q_V,
     dict(text_config=dict(rope_parameters=dict(rope_type="default", mrope_section=[1, 1, 2]), **TEXT),
          vision_config=dict(depth=2, hidden_size=32, intermediate_size=48, num_heads=4, out_hidden_size=32, patch_size=4, fullatt_block_indexes=[1]))),
    ("qwen3_vl", "Qwen3VLForConditionalGeneration", Q_V,
     dict(text_config=dict(rope_parameters=dict(rope_type="default", mrope_section=[1, 1, 2]), **TEXT),
          vision_config=dict(depth=2, hidden_size=32, intermediate_size=48, num_heads=4, out_hidden_size=32, patch_size=4, deepstack_visual_indexes=[0], num_position_embeddings=16))),
    ("gemma3", "Gemma3ForConditionalGeneration", Q_V, dict(text_config=TEXT, vision_config=VISION, mm_tokens_per_image=4)),
    ("paligemma", "PaliGemmaForConditionalGeneration", Q_V,
     dict(text_config=dict(model_type="gemma", **TEXT), vision_config=dict(model_type="siglip_vision_model", projection_dim=32, **VISION), projection_dim=32)),
    ("mllama", "MllamaForConditionalGeneration", Q_V,
     dict(text_config=dict(cross_attention_layers=[1], rope_parameters=dict(rope_type="default", rope_theta=10000.0), **TEXT),
          vision_config=dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_global_layers=1, attention_heads=4, image_size=16, patch_size=8,
                             vision_output_dim=64, intermediate_layers_indices=[0], supported_aspect_ratios=[[1, 1]], max_num_tiles=1))),
    ("internvl", "InternVLForConditionalGeneration", Q_V,
     dict(text_config=dict(model_type="qwen2", **TEXT), vision_config=dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=[16, 16], patch_size=[8, 8]))),
    ("hubert", "HubertForCTC", Q_V,
     dict(conv_dim=[16, 16], conv_kernel=[3, 3], conv_stride=[2, 2], num_feat_extract_layers=2, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2)),
    ("wav2vec2", "Wav2Vec2ForCTC", Q_V,
     dict(conv_dim=[16, 16], conv_kernel=[3, 3], conv_stride=[2, 2], num_feat_extract_layers=2, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2)),
    ("vision-encoder-decoder (vit, gpt2)", "VisionEncoderDecoderModel", ["q_proj", "c_attn"], "vit-gpt2"),
    ("aria", "AriaForConditionalGeneration", EVERY,
     dict(vision_config=dict(model_type="idefics3_vision"), text_config=dict(model_type="aria_text", moe_num_experts=4, moe_topk=2, moe_num_shared_experts=1))),
    ("aya_vision", "AyaVisionForConditionalGeneration", EVERY, {}),
    ("got_ocr2", "GotOcr2ForConditionalGeneration", EVERY, dict(vision_config=dict(output_channels=16, mlp_dim=48, window_size=2))),
    ("vipllava", "VipLlavaForConditionalGeneration", EVERY, {}),
    ("mistral3", "Mistral3ForConditionalGeneration", EVERY, {}),
    ("llava_next_video", "LlavaNextVideoForConditionalGeneration", EVERY, {}),
    ("llava_onevision", "LlavaOnevisionForConditionalGeneration", EVERY, {}),
    ("video_llava", "VideoLlavaForConditionalGeneration", EVERY, {}),
    ("fuyu", "FuyuForCausalLM", EVERY, {}),
    ("emu3", "Emu3ForConditionalGeneration", EVERY,
     dict(vocabulary_map={"<image>": 1},
          vq_config=dict(base_channels=32, channel_multiplier=[1, 1], num_res_blocks=1, attn_resolutions=[4], embed_dim=8, codebook_size=16, z_channels=8))),
    ("qwen2_audio", "Qwen2AudioForConditionalGeneration", EVERY, {}),
    ("voxtral", "VoxtralForConditionalGeneration", EVERY, {}),
    ("voxtral_realtime", "VoxtralRealtimeForConditionalGeneration", EVERY, {}),
    ("audioflamingo3", "AudioFlamingo3ForConditionalGeneration", EVERY, {}),
    ("glmasr", "GlmAsrForConditionalGeneration", EVERY, {}),
    ("musicflamingo", "MusicFlamingoForConditionalGeneration", EVERY, {}),
    ("granite_speech", "GraniteSpeechForConditionalGeneration", EVERY, {}),
    ("granite_speech_plus", "GraniteSpeechPlusForConditionalGeneration", EVERY, {}),
    ("shieldgemma2", "ShieldGemma2ForImageClassification", EVERY, {}),
    ("minimax_m3_vl", "MiniMaxM3SparseForConditionalGeneration", EVERY,
     dict(projector_hidden_size=32,
          text_config=dict(mlp_layer_types=["dense", "sparse"], dense_intermediate_size=48, shared_intermediate_size=24, rotary_dim=8,
                           layer_types=["full_attention", "minimax_m3_sparse"]))),
    ("kimi_k25", "Kimi_K25ForConditionalGeneration", EVERY,
     dict(text_config=dict(model_type="deepseek_v3", q_lora_rank=16, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=8, n_group=2,
                           topk_group=1, first_k_dense_replace=1, num_key_value_heads=4, n_shared_experts=1),
          vision_config=dict(pos_emb_height=4, pos_emb_width=4))),
    ("step3p7", "Step3p7ForConditionalGeneration", EVERY, dict(text_config=dict(mlp_layer_types=["dense", "sparse"], share_expert_dim=24))),
    ("inkling_mm_model", "InklingForConditionalGeneration", EVERY,
     dict(text_config=dict(mlp_layer_types=["dense", "sparse"], swa_num_attention_heads=4, swa_num_key_value_heads=2, swa_head_dim=8, d_rel=4, rel_extent=8),
          vision_config=dict(patch_size=8), audio_config=dict(n_mel_bins=4, mel_vocab_size=8))),
    ("beit, segmentation", "BeitForSemanticSegmentation", EVERY,
     dict(out_indices=[1, 2, 3, 4], num_hidden_layers=4, use_relative_position_bias=True, saved=["psp_bottleneck.convolution", "fpn1.conv_transpose2"])),
    ("sapiens2", "Sapiens2ForSemanticSegmentation", EVERY,
     dict(head_config=dict(upsample_out_channels=[8, 8], upsample_kernel_sizes=[4, 4], conv_out_channels=[8], conv_kernel_sizes=[1]),
          saved=["upsample_layers.1.convolution", "decode_head.predictor"])),
    ("tipsv2_dpt", "Tipsv2DptForDensePrediction", EVERY, dict(saved=["depth_neck.convs.0", "segmentation_decoder.head"], **NECK)),
    ("detr (resnet)", "DetrForSegmentation", EVERY,
     dict(backbone_config=RESNET, num_queries=5, encoder_attention_heads=8, saved=["mask_head.conv1.conv", "fpn_stages.0.fpn_adapter"])),
    ("rf_detr, segmentation", "RfDetrForInstanceSegmentation", EVERY, {}),
]  # fmt: skip


def build(class_name, differs):
    """A random model of that class; fails where transformers has none."""
    cls = getattr(transformers, class_name)
    if differs == "vit-gpt2":
        encoder = transformers.ViTConfig(**VISION)
        decoder = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=96, n_positions=64, add_cross_attention=True, is_decoder=True)
        return cls(transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder))
    differs = dict(differs)
    dtype = getattr(torch, differs.pop("dtype", "float32"))
    return cls(cls.config_class(**tiny(cls.config_class, differs))).to(dtype).eval()


def tiny(config_class, differs):
    """What a configuration knows of SIZES, and each of its parts likewise, but for what differs; a part with a size stays as it is."""
    parts = getattr(config_class, "sub_configs", None) or {}
    spelled = {name for name in parts if "hidden_size" in (differs.get(name) or {})}
    known = set(inspect.signature(config_class.__init__).parameters)
    aliases = getattr(config_class, "attribute_map", {})
    known |= set(aliases)
    known |= {f for c in config_class.__mro__ for f in getattr(c, "__annotations__", {})}
    values = {} if spelled else {k: v for k, v in SIZES.items() if k in known and aliases.get(k) not in differs}
    values |= differs
    for name, part_class in parts.items():
        part = differs.get(name, {})
        if part is None or name in spelled:
            continue
        if part_class is transformers.AutoConfig:
            model_type = part.get("model_type") or getattr(config_class(), name).model_type
            part = dict(part, model_type=model_type)
            part_class = transformers.CONFIG_MAPPING[model_type]
        values[name] = tiny(part_class, part)
    return values


def make(folder, class_name, targets, differs):
    torch.manual_seed(0)
    saved = None
    if isinstance(differs, dict):
        differs = dict(differs)
        saved = differs.pop("saved", None)
    model = build(class_name, differs)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.1)
    model.save_pretrained(folder / "base")
    if targets is EVERY:
        targets = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    config = FourierFTConfig(target_modules=targets, modules_to_save=saved, n_frequency=20, scaling=30.0)
    adapted = get_peft_model(model, config)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(torch.randn(parameter.shape))
    adapted.save_pretrained(folder / "adapter")
    adapted.merge_and_unload().save_pretrained(folder / "ref")


def tensors(folder):
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            found.update({name: opened.get_tensor(name) for name in opened.keys()})
    return found


def differences(folder):
    """What differs from PEFT's merge, and the largest relative difference of a tensor."""
    base, ref, out = (tensors(folder / part) for part in ("base", "ref", "out"))
    if not any(not torch.equal(base[name], ref[name]) for name in ref if name in base):
        return ["PEFT changed nothing"], 0.0
    wrong, worst = [], 0.0
    for name in sorted(ref.keys() ^ out.keys()):
        wrong.append(("missing " if name in ref else "extra ") + name)
    for name in sorted(ref.keys() & out.keys()):
        a, b = ref[name], out[name]
        if a.dtype != b.dtype or a.shape != b.shape:
            wrong.append(f"{name}: {tuple(b.shape)} {b.dtype} for {tuple(a.shape)} {a.dtype}")
            continue
        difference = (a.double() - b.double()).norm().item() / max(a.double().norm().item(), 1e-30)
        worst = max(worst, difference)
        if difference > (2e-6 if a.dtype == torch.float32 else 2e-3):
            wrong.append(f"{name}: {difference:.1e}")
    configs = [json.loads((folder / part / "config.json").read_text()) for part in ("ref", "out")]
    return wrong + said_otherwise(*configs), worst


def said_otherwise(ref, out, path=""):
    """Where two configurations differ, by the path of the key; what records versions aside."""
    wrong = []
    for key in sorted(ref.keys() | out.keys()):
        a, b = ref.get(key), out.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            wrong += said_otherwise(a, b, f"{path}{key}.")
        elif key not in ("transformers_version", "_name_or_path") and a != b:
            wrong.append(f"config.json {path}{key}: {b!r} for {a!r}")
    return wrong


def main():
    project, chosen = Path(sys.argv[1]).resolve(), sys.argv[2:]
    print(f"{datetime.date.today()}, PEFT {peft.__version__}, transformers {transformers.__version__}, torch {torch.__version__}\n")
    print("| family | class | as PEFT's | worst relative difference |\n| --- | --- | --- | --- |")
    failed = 0
    for name, class_name, targets, differs in FAMILIES:
        if chosen and name not in chosen:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            make(folder, class_name, targets, differs)
            command = [project / "fourierft", "merge", "--base", "base", "--adapter", "adapter", "--out", "out"]
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if run.returncode:
                said = [line for line in (run.stderr + run.stdout).splitlines() if line and "WARNING" not in line]
                wrong, worst = [f"exit {run.returncode}: " + (said or ["no output"])[0]], float("nan")
            else:
                wrong, worst = differences(folder)
        failed += bool(wrong)
        print(f"| {name} | `{class_name}` | {'; '.join(wrong[:4]) or 'yes'} | {worst:.1e} |", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
