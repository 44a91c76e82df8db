/*
 * An emulated NVRTC: it compiles nothing, but demands what the real one would: that everything the
 * source includes was given, since there are no host headers, and an architecture. What it gives is
 * the text that the emulated driver takes for a fatbin, with the architecture and a hash of all that
 * was compiled behind it.
 */
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "bridge.h"

#define EMULATED_API extern "C" __attribute__((visibility("default")))

namespace bridge = emulator::bridge;

namespace {

enum Result {
  SUCCESS = 0,
  INVALID_INPUT = 3,
  INVALID_PROGRAM = 4,
  INVALID_OPTION = 5,
  COMPILATION = 6
};

struct Program {
  std::string source;
  std::string name;
  std::map<std::string, std::string> headers;
  std::string log;
  std::string cubin;
};

constexpr int ARCHITECTURES[] = {75, 80, 86, 89, 90, 100, 120};

/* Visits a source and all that it includes; notes what was not given. */
void resolve(Program &program, const std::string &name, const std::string &text,
             std::set<std::string> &seen) {
  static const std::regex include("#\\s*include\\s*[<\"]([^>\"]+)[>\"]");
  for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
    const std::string wanted = (*it)[1];
    if (wanted == "emulated_device.h" || !seen.insert(wanted).second) continue;
    const auto header = program.headers.find(wanted);
    if (header == program.headers.end()) {
      program.log += name + ": catastrophic error: cannot open source file \"" + wanted + "\"\n";
    } else {
      resolve(program, wanted, header->second, seen);
    }
  }
}

int begin(const char *function) { return bridge::count_call(function, "nvrtc"); }

#define BEGIN()                                       \
  do {                                                \
    if (const int fault = begin(__func__)) return fault; \
  } while (false)

}  // namespace

EMULATED_API int nvrtcVersion(int *major, int *minor) {
  BEGIN();
  *major = 13;
  *minor = 0;
  return SUCCESS;
}

EMULATED_API int nvrtcGetNumSupportedArchs(int *count) {
  BEGIN();
  *count = static_cast<int>(std::size(ARCHITECTURES));
  return SUCCESS;
}

EMULATED_API int nvrtcGetSupportedArchs(int *architectures) {
  BEGIN();
  for (const int each : ARCHITECTURES) *architectures++ = each;
  return SUCCESS;
}

EMULATED_API int nvrtcCreateProgram(Program **program, const char *source, const char *name,
                                    int count, const char *const *headers,
                                    const char *const *names) {
  BEGIN();
  if (program == nullptr || source == nullptr || count < 0) return INVALID_INPUT;
  auto *made = new Program{source, name == nullptr ? "default_program" : name, {}, "", ""};
  for (int i = 0; i < count; i++) made->headers[names[i]] = headers[i];
  *program = made;
  return SUCCESS;
}

EMULATED_API int nvrtcDestroyProgram(Program **program) {
  BEGIN();
  if (program == nullptr || *program == nullptr) return INVALID_PROGRAM;
  delete *program;
  *program = nullptr;
  return SUCCESS;
}

EMULATED_API int nvrtcCompileProgram(Program *program, int count, const char *const *options) {
  BEGIN();
  if (program == nullptr) return INVALID_PROGRAM;
  static const std::string ARCHITECTURE = "--gpu-architecture=sm_";
  std::string all = program->name + program->source;
  int architecture = 0;
  for (int i = 0; i < count; i++) {
    const std::string option = options[i];
    all += option;
    if (option.rfind(ARCHITECTURE, 0) == 0) {
      architecture = std::stoi(option.substr(ARCHITECTURE.size()));
    }
  }
  bool known = false;
  for (const int each : ARCHITECTURES) known |= each == architecture;
  if (!known) {
    program->log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
    return INVALID_OPTION;
  }
  std::set<std::string> seen;
  resolve(*program, program->name, program->source, seen);
  if (!program->log.empty()) return COMPILATION;
  for (const auto &[name, text] : program->headers) all += name + text;
  program->cubin = "FOURIERFT-EMULATED-KERNELS sm_" + std::to_string(architecture) + " " +
                   std::to_string(std::hash<std::string>()(all)) + "\n";
  return SUCCESS;
}

EMULATED_API int nvrtcGetProgramLogSize(Program *program, size_t *size) {
  BEGIN();
  *size = program->log.size() + 1;
  return SUCCESS;
}

EMULATED_API int nvrtcGetProgramLog(Program *program, char *log) {
  BEGIN();
  memcpy(log, program->log.c_str(), program->log.size() + 1);
  return SUCCESS;
}

EMULATED_API int nvrtcGetCUBINSize(Program *program, size_t *size) {
  BEGIN();
  *size = program->cubin.size();
  return SUCCESS;
}

EMULATED_API int nvrtcGetCUBIN(Program *program, char *cubin) {
  BEGIN();
  memcpy(cubin, program->cubin.data(), program->cubin.size());
  return SUCCESS;
}
