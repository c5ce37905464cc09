"""A protoc plugin for the gRPC stubs that grpcio-tools keeps built into its own protoc.

buf runs every plugin as a program of its own, and the gRPC generator for Python is none: it lives inside grpcio-tools.
So this reads the request buf sends, has that protoc write the stubs of the same files, and hands them back.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc


def respond(request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    """Return the stubs of the request's files that hold a service; none for a folder without one."""
    response = CodeGeneratorResponse(supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
    with_services = {file.name for file in request.proto_file if file.service}
    names = [name for name in request.file_to_generate if name in with_services]
    if names:
        _generate(request, names, response)
    return response


def _generate(request: CodeGeneratorRequest, names: list[str], response: CodeGeneratorResponse) -> None:
    with tempfile.TemporaryDirectory() as folder:
        image, out = Path(folder, "image.binpb"), Path(folder, "out")
        out.mkdir()
        image.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
        status = protoc.main(["protoc", f"--descriptor_set_in={image}", f"--grpc_python_out={out}", *names])
        if status:
            response.error = f"the protoc of grpcio-tools ended with {status}"
        for path in sorted(out.rglob("*.py")):
            response.file.add(name=path.relative_to(out).as_posix(), content=path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    answer = respond(CodeGeneratorRequest.FromString(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(answer.SerializeToString())
