package import ParleyCore

/// What was ever written of one register.
package struct RegisterPast: Equatable, Sendable {
    package var name: RegisterName
    /// By stamp, the earliest first.
    package var writes: [PastWrite]

    package init(name: RegisterName, writes: [PastWrite]) {
        (self.name, self.writes) = (name, writes)
    }
}

/// One write of a register.
package struct PastWrite: Equatable, Sendable {
    /// Null where the register was cleared.
    package var value: Value
    /// The analyst's handle.
    package var by: String
    package var at: Instant
    /// `set`, `import feed`..
    package var act: String
    /// The device that made the changeset, and the changeset's number in its chain.
    package var device: String
    package var number: UInt64
    /// A later write whose author had not seen it is shown, and nobody has settled that yet.
    package var isAside: Bool

    package init(
        value: Value, by: String, at: Instant, act: String, device: String, number: UInt64, isAside: Bool
    ) {
        (self.value, self.by, self.at, self.act) = (value, by, at, act)
        (self.device, self.number, self.isAside) = (device, number, isAside)
    }
}
