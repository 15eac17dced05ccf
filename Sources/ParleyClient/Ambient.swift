/// What a client must be given because no module but the commands reads a clock or makes randomness.
package struct Ambient: Sendable {
    /// Milliseconds since 1970 by this machine's clock, uncorrected.
    package var now: @Sendable () -> Int64
    /// So many random bytes.
    package var random: @Sendable (Int) -> [UInt8]

    package init(now: @escaping @Sendable () -> Int64, random: @escaping @Sendable (Int) -> [UInt8]) {
        self.now = now
        self.random = random
    }
}
