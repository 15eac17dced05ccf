/// How far the server's clock is ahead of this machine's, as a handshake tells.
enum ClockOffset {
    /// The server's word may be as old as the round trip is long. What took longer than this says too little: the
    /// machine slept meanwhile, or its clock was set.
    static let longestRoundTrip: Int64 = 5_000

    /// - Parameters: milliseconds since 1970: the server's, in its welcome, and this machine's, when it said
    ///   hello and when the welcome had come.
    /// - Returns: nil where the measurement is not to be kept.
    static func measured(server: Int64, began: Int64, now: Int64) -> Int64? {
        guard (0...longestRoundTrip).contains(now - began) else { return nil }
        return server - (began + now) / 2
    }
}
