"""Training and encoding in Rust's worker threads."""

import os
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "true"
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

lines = [
    " ".join(f"word{(i * j) % 997}" for j in range(1, 60)) for i in range(4000 * int(sys.argv[1]))
]
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=2000, show_progress=False))
print(sum(len(found.ids) for found in tokenizer.encode_batch(lines)) > 0)
