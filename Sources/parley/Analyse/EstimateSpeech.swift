import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyTerminal

/// What everybody says of one judgment or hypothesis.
struct EstimateSpeech {
    let dossier: Dossier
    let record: RecordName
    let scale: WordScale
    let pool: Pool
    let exponent: Double
    let naming: Naming
    let console: Console

    func show() throws {
        if console.options.json { return try console.json(json) }
        let trajectories = dossier.trajectories(of: record.id)
        var table = TextTable([
            .init(), .init(isRight: true), .init(), .init(), .init(), .init(),
            .init(isElastic: true, least: 12),
        ])
        if !trajectories.isEmpty, console.out.isTerminal {
            table.add(["", "now", "confidence", "made on", "way", "word", "why"].map { .init($0, .faint) })
        }
        for (analyst, estimates) in trajectories {
            guard let current = estimates.last else { continue }
            let line = Sparkline(environment: console.environment).text(estimates.map(\.probability))
            table.add([
                .init(analyst, .strong), .init(FieldType.percent(current.p)), .init(current.confidence ?? ""),
                .init(current.madeOn.text, .faint), .init(line),
                .init(scale.word(for: current.p).band?.words[0] ?? "", .faint), .init(current.why ?? ""),
            ])
        }
        try console.table(table)
        try sayTogether()
    }

    private func sayTogether() throws {
        let name = try naming.short(record)
        guard let pooled = dossier.pooled(record.id, by: pool, exponent: exponent) else {
            try console.note("Nobody has made an estimate of \(name).")
            return try console.hint("make one: parley estimate \(name) 70%")
        }
        let millionths = Int64((pooled.probability * 1_000_000).rounded())
        try console.note(
            "\(rule) of \(counted(pooled.analysts, "analyst")): \(pooled.probability.percentText), \(scale.phrase(for: millionths))."
        )
        if pooled.analysts > 1 {
            let bands = pooled.bandsApart == 0 ? "one word" : "\(counted(pooled.bandsApart, "band")) apart"
            try console.note(
                "From \(pooled.low.percentText) to \(pooled.high.percentText): \((pooled.spread * 100).decimalText(places: 1)) points, \(bands)."
            )
        }
        try sayStated(millionths)
    }

    private var rule: String {
        let base = pool == .median ? "Median" : "Mean of log-odds"
        return exponent == 1 ? base : base + ", extremized by \(exponent.decimalText(places: 3)),"
    }

    /// The word that the judgment itself uses beside the number that its analysts give.
    private func sayStated(_ millionths: Int64) throws {
        guard let token = dossier[record.id]?.choice("likelihood"), let band = scale.band(token: token),
            !band.contains(millionths)
        else { return }
        try console.note(
            "! The judgment says \(band.words[0]) (\(band.range)); the number lies outside of that.")
    }

    private var json: JSON {
        let pooled = dossier.pooled(record.id, by: pool, exponent: exponent)
        let millionths = pooled.map { Int64(($0.probability * 1_000_000).rounded()) }
        let finding = millionths.map { scale.word(for: $0) }
        var isOutside = false
        if case .nearest = finding { isOutside = true }
        return [
            "id": .text(record.fullAddress), "scale": .text(scale.rawValue), "pool": .text(pool.rawValue),
            "exponent": .decimal(exponent), "analysts": .int(pooled?.analysts ?? 0),
            "p": .decimal(orNull: pooled?.probability), "low": .decimal(orNull: pooled?.low),
            "high": .decimal(orNull: pooled?.high), "bandsApart": pooled.map { .int($0.bandsApart) } ?? .null,
            "word": .text(orNull: finding?.band?.words[0]), "token": .text(orNull: finding?.band?.token),
            "range": .text(orNull: finding?.band?.range), "betweenWords": .bool(isOutside),
            "stated": .text(orNull: dossier[record.id]?.choice("likelihood")),
            "estimates": .array(dossier.estimates(of: record.id).map(json)),
        ]
    }

    private func json(_ estimate: Estimate) -> JSON {
        [
            "id": .text(naming.reference(estimate.record, whole: true)), "analyst": .text(estimate.analyst),
            "p": .decimal(estimate.probability), "confidence": .text(orNull: estimate.confidence),
            "madeOn": .text(estimate.madeOn.text), "dated": .bool(estimate.isDated),
            "why": .text(orNull: estimate.why),
        ]
    }
}

/// Numbers from 0 to 1 as a row of bars.
struct Sparkline {
    private let bars: [Character]
    /// Older numbers give way.
    private let longest = 16

    init(environment: [String: String]) {
        let isPlain = environment["PARLEY_ASCII"].map { !$0.isEmpty } ?? false
        bars = Array(isPlain ? "0123456789" : "▁▂▃▄▅▆▇█")
    }

    func text(_ numbers: [Double]) -> String {
        String(
            numbers.suffix(longest).map { number in
                bars[min(bars.count - 1, max(0, Int(number * Double(bars.count))))]
            })
    }
}
