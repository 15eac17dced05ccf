import Foundation

/// Bytes under way in one direction, in memory, where somebody in the middle can get at them.
final class Wire {
    var bytes: [UInt8] = []
    var isClosed = false
    /// Bytes that the reading end may take now.
    var released = 0
}

/// The reading end: nothing but what is released.
final class WireInput: InputStream {
    private let wire: Wire

    init(_ wire: Wire) {
        self.wire = wire
        super.init(data: Data())
    }

    override func read(_ buffer: UnsafeMutablePointer<UInt8>, maxLength length: Int) -> Int {
        let count = min(length, wire.released, wire.bytes.count)
        guard count > 0 else { return streamStatus == .atEnd ? 0 : -1 }
        for index in 0..<count { buffer[index] = wire.bytes[index] }
        wire.bytes.removeFirst(count)
        wire.released -= count
        return count
    }

    override var hasBytesAvailable: Bool { wire.released > 0 }
    override var streamStatus: Stream.Status { wire.isClosed && wire.bytes.isEmpty ? .atEnd : .open }
    override var streamError: (any Error)? { nil }
    override func open() {}
    override func close() {}
}

/// The writing end.
final class WireOutput: OutputStream {
    private let wire: Wire?

    init(_ wire: Wire) {
        self.wire = wire
        super.init(toMemory: ())
    }

    /// Foundation demands this initializer of every subclass; such a stream leads nowhere.
    required init(toMemory: ()) {
        wire = nil
        super.init(toMemory: ())
    }

    override func write(_ buffer: UnsafePointer<UInt8>, maxLength length: Int) -> Int {
        wire?.bytes.append(contentsOf: UnsafeBufferPointer(start: buffer, count: length))
        return length
    }

    override var hasSpaceAvailable: Bool { true }
    override var streamStatus: Stream.Status { .open }
    override var streamError: (any Error)? { nil }
    override func open() {}
    override func close() {}
}
