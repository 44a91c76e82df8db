package io.fourierft;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The file format of a {@link CostModel}: one JSON object, a number for each figure. */
final class CostModelJson {
  private static final String FORMAT = "fourierft-cost-model-1";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private CostModelJson() {}

  static String format(CostModel model) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("format", FORMAT);
    json.put("spectral_call_ns", model.spectralCall());
    json.put("spectral_weight_ns", model.spectralWeight());
    json.put("spectral_transform_ns", model.spectralTransform());
    json.put("spectral_coefficient_ns", model.spectralCoefficient());
    json.put("build_call_ns", model.buildCall());
    json.put("build_transform_ns", model.buildTransform());
    json.put("product_call_ns", model.productCall());
    json.put("product_element_ns", model.productElement());
    json.put("product_feature_ns", model.productFeature());
    json.put("product_multiply_add_ns", model.productMultiplyAdd());
    json.put("source", model.source());
    return json.toPrettyString() + "\n";
  }

  static CostModel parse(String text, String origin) {
    JsonNode json;
    try {
      json = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new FourierException(origin + " is not JSON: " + e.getOriginalMessage(), e);
    }
    if (!FORMAT.equals(json.path("format").asText())) {
      throw new FourierException(
          "%s is not a cost model: its format is '%s', not '%s'; delete it to measure anew"
              .formatted(origin, json.path("format").asText(), FORMAT));
    }
    return new CostModel(
        figure(json, "spectral_call_ns", origin),
        figure(json, "spectral_weight_ns", origin),
        figure(json, "spectral_transform_ns", origin),
        figure(json, "spectral_coefficient_ns", origin),
        figure(json, "build_call_ns", origin),
        figure(json, "build_transform_ns", origin),
        figure(json, "product_call_ns", origin),
        figure(json, "product_element_ns", origin),
        figure(json, "product_feature_ns", origin),
        figure(json, "product_multiply_add_ns", origin),
        json.path("source").asText());
  }

  private static double figure(JsonNode json, String name, String origin) {
    JsonNode value = json.path(name);
    if (!value.isNumber()) {
      throw new FourierException(
          origin + " has no number '" + name + "'; delete it to measure anew");
    }
    return value.doubleValue();
  }
}
