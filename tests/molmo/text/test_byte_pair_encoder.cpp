#include <map>
#include <random>

#include "profiler/molmo/text/byte_pair_encoder.hpp"
#include "tests/catch.hpp"

using namespace decodemeter::molmo;

namespace {

struct Rules {
    std::array<TokenId, 256> byte_tokens;
    std::map<std::pair<TokenId, TokenId>, Merge> merges;

    BytePairEncoder encoder() const {
        MergeTable table(merges.size());
        for (const auto& [pair, merge] : merges)
            REQUIRE(table.insert(pair.first, pair.second, merge));
        return BytePairEncoder(byte_tokens, std::move(table));
    }
};

// Random merges of four letters and of what they merge to, in a random order, as no training would
// give.
Rules random_rules(std::mt19937& random) {
    Rules rules;
    rules.byte_tokens.fill(BytePairEncoder::no_token);
    for (int i = 0; i < 4; ++i) rules.byte_tokens[static_cast<std::size_t>('a' + i)] = i;
    TokenId next = 4;
    std::vector<std::uint32_t> ranks(30);
    for (std::uint32_t i = 0; i < ranks.size(); ++i) ranks[i] = i;
    std::shuffle(ranks.begin(), ranks.end(), random);
    for (const std::uint32_t rank : ranks) {
        const auto any = [&] {
            return std::uniform_int_distribution<TokenId>(0, next - 1)(random);
        };
        if (rules.merges.emplace(std::pair(any(), any()), Merge{rank, next}).second) ++next;
    }
    return rules;
}

// Word for word what the header promises.
std::vector<TokenId> plainly(const Rules& rules, const std::string& word) {
    std::vector<TokenId> symbols;
    for (const char letter : word)
        symbols.push_back(rules.byte_tokens[static_cast<unsigned char>(letter)]);
    while (true) {
        std::size_t best = symbols.size();
        Merge lowest{MergeTable::no_rank, 0};
        for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
            const auto found = rules.merges.find({symbols[i], symbols[i + 1]});
            if (found == rules.merges.end() || found->second.rank >= lowest.rank) continue;
            best = i;
            lowest = found->second;
        }
        if (best == symbols.size()) return symbols;
        symbols[best] = lowest.token;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
}

}  // namespace

TEST_CASE("Short and long words merge as the rule says, whatever the order of the merges") {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        const Rules rules = random_rules(random);
        const BytePairEncoder encoder = rules.encoder();
        std::string word(std::uniform_int_distribution<std::size_t>(0, 150)(random), 'a');
        for (char& letter : word)
            letter = static_cast<char>(letter + std::uniform_int_distribution<int>(0, 3)(random));
        std::vector<TokenId> tokens;
        encoder.encode(word, tokens);
        CAPTURE(word);
        CHECK(tokens == plainly(rules, word));
    }
}

TEST_CASE("A table of merges finds what it holds, and nothing else") {
    MergeTable table(1000);
    for (TokenId i = 0; i < 1000; ++i)
        REQUIRE(table.insert(i, 1000 - i, {static_cast<std::uint32_t>(i), i}));
    CHECK_FALSE(table.insert(5, 995, {0, 0}));
    for (TokenId i = 0; i < 1000; ++i) {
        CHECK(table.find(i, 1000 - i).token == i);
        CHECK(table.find(i, 1001 - i).rank == MergeTable::no_rank);
    }
    CHECK(MergeTable().find(0, 0).rank == MergeTable::no_rank);
}
