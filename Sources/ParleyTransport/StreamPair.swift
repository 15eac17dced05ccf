package import Foundation
import Glibc

/// A way to and from somebody: two streams, and the descriptors that tell when they are ready. This is
/// what a listener, a dialer and a child process hand out; a ``Channel`` is made of it. To encrypt, put
/// wrappers round the streams and keep the descriptors.
package struct StreamPair {
    package var input: InputStream
    package var output: OutputStream
    package let inputDescriptor: Int32
    package let outputDescriptor: Int32

    package init(input: InputStream, output: OutputStream, inputDescriptor: Int32, outputDescriptor: Int32) {
        (self.input, self.output) = (input, output)
        (self.inputDescriptor, self.outputDescriptor) = (inputDescriptor, outputDescriptor)
    }

    /// Both directions of a socket.
    package init(socket: Descriptor) {
        self.init(input: socket, output: socket)
    }

    package init(input: Descriptor, output: Descriptor) {
        self.init(
            input: DescriptorInputStream(input), output: DescriptorOutputStream(output),
            inputDescriptor: input.number, outputDescriptor: output.number)
    }

    /// This process's own standard input and output, for `serve --stdio`. They stay open beside ours, so
    /// the peer reads end of file when the process exits; `O_NONBLOCK` is as it was once the streams are
    /// closed.
    package static func standard(
        input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO
    ) throws(TransportError) -> StreamPair {
        StreamPair(input: try Descriptor(sharing: input), output: try Descriptor(sharing: output))
    }
}
