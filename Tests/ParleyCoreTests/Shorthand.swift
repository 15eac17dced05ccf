import ParleyCore

/// Says how much a test has tried, for `Scripts/test`, which fails where a count falls below its floor.
func promise(_ name: String, count: Int) {
    print("promise: \(name) count=\(count)")
}

extension DeviceID {
    /// Sixteen times the same byte: short to read.
    init(letter byte: UInt8) { self.init(UInt128(bigEndianBytes: [UInt8](repeating: byte, count: 16)) ?? 0) }
}
