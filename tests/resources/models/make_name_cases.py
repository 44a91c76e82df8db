"""Prints names on disk and in memory, of every model type whose weights transformers renames, as it maps them itself.

    pip install torch transformers
    python make_name_cases.py > all-name-cases.txt

One line each: families (as config.json names them, joined by +), name on disk, name in memory. Numbers that stay as
they are aside, no two lines of a family are alike. The models are made without memory (device meta) and with one layer. name-cases.txt keeps
the first line that needs a rule; NameTableTest reads all of them with -Dfourierft.name.cases=all-name-cases.txt.
Says at the end which entries of conversion_mapping.py no model has reached.
"""

import re
import sys
import warnings

import torch
import transformers
from transformers import CONFIG_MAPPING
from transformers.conversion_mapping import _build_checkpoint_conversion_mapping, get_model_conversion_mapping
from transformers.core_model_loading import PrefixChange, WeightConverter, WeightRenaming, rename_source_key
from transformers.models.auto import modeling_auto

warnings.simplefilter("ignore")
transformers.logging.set_verbosity_error()
NUMBER = re.compile(r"(?<=[._])\d+(?=\.)")
TABLES = [n for n in dir(modeling_auto) if n.startswith("MODEL_FOR_") and n.endswith("_NAMES")]

RESNET = dict(model_type="resnet", out_features=["stage1", "stage2", "stage3", "stage4"])
HEAD = dict(upsample_out_channels=[8] * 2, upsample_kernel_sizes=[3] * 2, conv_out_channels=[8] * 3, conv_kernel_sizes=[1] * 3)

# Models that the default configuration does not give, or whose default lacks what a rule speaks of.
MORE = [
    ("minimax_m3_vl", "MiniMaxM3SparseForConditionalGeneration",
     dict(text_config=dict(num_hidden_layers=2, layer_types=["full_attention", "minimax_m3_sparse"]))),
    ("inkling_mm_model", "InklingForConditionalGeneration", dict(text_config=dict(num_hidden_layers=1, mlp_layer_types=["dense"]))),
    ("tipsv2_vision_model", "Tipsv2VisionModel", dict(num_hidden_layers=1, use_swiglu_ffn=True)),
    ("sapiens2", "Sapiens2ForSemanticSegmentation",
     dict(num_hidden_layers=1, head_config=dict(upsample_out_channels=[8] * 4, upsample_kernel_sizes=[4] * 4, conv_out_channels=[8] * 2, conv_kernel_sizes=[1] * 2))),
    ("sapiens2", "Sapiens2ForPoseEstimation", dict(num_hidden_layers=1, head_config=HEAD)),
    ("sapiens2", "Sapiens2ForNormalEstimation", dict(num_hidden_layers=1, head_config=dict(HEAD, use_pixel_shuffle=True))),
    ("sapiens2", "Sapiens2ForImageMatting", dict(num_hidden_layers=1, head_config=dict(HEAD, use_pixel_shuffle=True))),
    ("sapiens2", "Sapiens2ForPointmapEstimation",
     dict(num_hidden_layers=1, head_config=dict(HEAD, use_pixel_shuffle=True, scale_conv_out_channels=[8] * 3, scale_conv_kernel_sizes=[1] * 3,
                                                scale_final_input_size=8, scale_final_hidden_sizes=[8, 8]))),
    ("tipsv2_dpt", "Tipsv2DptForDensePrediction", {}),
    ("beit", "BeitForSemanticSegmentation",
     dict(num_hidden_layers=4, out_indices=[1, 2, 3, 4], use_relative_position_bias=True, use_shared_relative_position_bias=True)),
    ("detr", "DetrForSegmentation", dict(backbone_config=RESNET)),
    ("conditional_detr", "ConditionalDetrForSegmentation", dict(backbone_config=RESNET)),
    ("deformable_detr", "DeformableDetrForObjectDetection", dict(backbone_config=RESNET, num_feature_levels=4)),
    ("deepseek_ocr2", "DeepseekOcr2ForConditionalGeneration", dict(text_config=dict(mlp_layer_types=["dense", "sparse"], num_hidden_layers=2))),
    ("gemma4_unified", "Gemma4UnifiedForConditionalGeneration", dict(vision_config={}, text_config=dict(num_hidden_layers=1))),
    ("deepseek_v4", "DeepseekV4ForCausalLM", dict(num_hidden_layers=3)),
    ("step3p7", "Step3p7ForConditionalGeneration", dict(text_config=dict(num_hidden_layers=1, mlp_layer_types=["sparse"]))),
    ("esm", "EsmForMaskedLM", dict(vocab_size=33, pad_token_id=0, mask_token_id=1)),
    ("lfm2_moe", "Lfm2MoeForCausalLM", dict(num_hidden_layers=2, layer_types=["full_attention", "full_attention"])),
    ("upernet", "UperNetForSemanticSegmentation",
     dict(backbone_config=dict(model_type="swin", out_features=["stage1", "stage2", "stage3", "stage4"]))),
]  # fmt: skip

# Names in files of the hub that saving does not give back.
HUB = {
    "Kimi_K25ForConditionalGeneration": ["mm_projector.proj.0.weight"],
    "Sam3TrackerModel": ["detector_model.vision_encoder.backbone.layers.0.attention.q_proj.weight", "tracker_neck.fpn_layers.0.proj1.weight"],
    "PI0ForConditionalGeneration": ["paligemma_with_expert.paligemma.lm_head.weight"],
    "Wav2Vec2Model": ["encoder.pos_conv_embed.conv.weight_g", "encoder.pos_conv_embed.conv.weight_v"],
    "BertModel": ["embeddings.LayerNorm.gamma", "embeddings.LayerNorm.beta"],
    "NemotronH_Omni_Reasoning_V3": ["sound_encoder.encoder.layers.0.self_attn.q_proj.weight", "sound_projection.norm.weight",
                                    "sound_projection.linear1.weight", "sound_projection.linear2.weight"],
    "DeepseekV4ForCausalLM": ["layers.0.attn.indexer.compressor.wkv.weight", "layers.0.attn.indexer.weights_proj.weight",
                              "layers.0.attn.indexer.wq_b.weight"],
}  # fmt: skip


def small(config):
    for name in ("num_hidden_layers", "encoder_layers", "decoder_layers", "n_layer", "num_layers", "depth"):
        if isinstance(getattr(config, name, None), int) and getattr(config, name) > 1:
            try:
                setattr(config, name, 1)
            except Exception:
                pass
    for name in vars(config):
        part = getattr(config, name)
        if isinstance(part, transformers.PretrainedConfig):
            small(part)
    return config


def models(family):
    names = set()
    for table in TABLES:
        entry = getattr(modeling_auto, table).get(family)
        names.update([entry] if isinstance(entry, str) else entry or [])
    base = modeling_auto.MODEL_MAPPING_NAMES.get(family)
    names.update([base] if isinstance(base, str) else base or [])
    for name in sorted(names):
        for shrink in (True, False):
            try:
                config = CONFIG_MAPPING[family]()
                with torch.device("meta"):
                    yield getattr(transformers, name)(small(config) if shrink else config)
                break
            except Exception as e:
                error = e
        else:
            print(family, name, type(error).__name__, str(error)[:100], file=sys.stderr)


def families(config, class_name=None):
    """What BaseModel finds in config.json: the model types of all its parts, and the class."""
    found = [getattr(config, "model_type", ""), class_name]
    for part in vars(config).values():
        if isinstance(part, transformers.PretrainedConfig):
            found += families(part)
    return [name for name in dict.fromkeys(found) if name]


def conversions(model):
    return get_model_conversion_mapping(model, add_legacy=False)


def split(transforms):
    renamings = [c for c in transforms if isinstance(c, WeightRenaming)]
    return renamings, [c for c in transforms if isinstance(c, WeightConverter)]


def pairs(model):
    transforms = [c for c in conversions(model) if not isinstance(c, PrefixChange)]
    reverse = split([c.reverse_transform() for c in transforms[::-1]])
    for live in model.state_dict():
        yield rename_source_key(live, *reverse, reverse=True)[0], live


seen, reached = set(), set()


def show(model, found):
    kinds = "+".join(families(model.config, type(model).__name__))
    for disk, live in found:
        key = (kinds, disk, live)
        if NUMBER.findall(disk) == NUMBER.findall(live):
            key = tuple(NUMBER.sub("#", name) for name in key)
        if disk != live and "experts." not in disk and key not in seen:
            seen.add(key)
            print(kinds, disk, live)


def take(model):
    for _, part in model.named_modules():
        if isinstance(part, transformers.PreTrainedModel):
            reached.update([type(part).__name__, part.config.model_type])
    try:
        show(model, list(pairs(model)))
    except Exception as e:
        print(type(model).__name__, "pairs", type(e).__name__, str(e)[:120], file=sys.stderr)


for family in CONFIG_MAPPING:
    for model in models(family):
        if conversions(model):
            take(model)
for family, class_name, differs in MORE:
    with torch.device("meta"):
        take(getattr(transformers, class_name)(CONFIG_MAPPING[family](**differs)))
for class_name, names in HUB.items():
    model_class = getattr(transformers, class_name)
    with torch.device("meta"):
        model = model_class(small(model_class.config_class()))
    transforms = split(get_model_conversion_mapping(model))
    show(model, [(disk, rename_source_key(disk, *transforms)[0]) for disk in names])
print("reached by no model:", *sorted(set(_build_checkpoint_conversion_mapping()) - reached), file=sys.stderr)
