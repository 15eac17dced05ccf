package import Foundation

/// What became of one attempt to read from or write to a stream.
package enum Transfer: Equatable {
    case moved(Int)
    /// Nothing now; try again when the descriptor is ready.
    case wouldBlock
    case end
    case failed(TransportError)
}

extension InputStream {
    /// Reads once. A wrapper round a stream keeps to the same rules: see ``DescriptorInputStream``.
    package func transfer(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Transfer {
        guard let start = buffer.baseAddress else { return .wouldBlock }
        let count = read(start, maxLength: buffer.count)
        return count > 0 ? .moved(count) : count == 0 ? .end : refusal(of: "read")
    }
}

extension OutputStream {
    /// Writes once. Offering no bytes makes a wrapper pass on what it holds.
    package func transfer(_ bytes: UnsafeBufferPointer<UInt8>) -> Transfer {
        let nothing: UInt8 = 0
        let count = withUnsafePointer(to: nothing) {
            write(bytes.baseAddress ?? $0, maxLength: bytes.count)
        }
        if count == 0 && !bytes.isEmpty { return .end }
        return count >= 0 ? .moved(count) : refusal(of: "write")
    }
}

extension Stream {
    /// Why a stream answered -1.
    fileprivate func refusal(of call: String) -> Transfer {
        if let error = streamError as? TransportError { return .failed(error) }
        if let error = streamError {
            return .failed(TransportError(.stream, call: call, detail: String(describing: error)))
        }
        guard streamStatus == .closed || streamStatus == .error else { return .wouldBlock }
        return .failed(TransportError(.closed, call: call, detail: "the stream is closed"))
    }
}
