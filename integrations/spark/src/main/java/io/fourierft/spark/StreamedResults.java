package io.fourierft.spark;

import io.fourierft.FourierException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Function2;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/**
 * A job whose results reach the driver partition by partition, as they are ready: what has arrived
 * is safe though the driver die later. Of a partition that was computed twice one result arrives.
 */
final class StreamedResults {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private StreamedResults() {}

  /**
   * Runs a job.
   *
   * @param work turns a partition into results; runs on the executors. A {@link FourierException}
   *     would be the same at each attempt, so that it comes back as a result and ends the job;
   *     whatever else is thrown Spark tries again
   * @param arrived takes each result, in the calling thread; what it throws ends the job
   * @throws SparkJobException with the words of what an executor refused
   */
  static <T, R extends Serializable> void run(
      JavaSparkContext spark, JavaRDD<T> partitions, Work<T, R> work, Consumer<R> arrived) {
    BlockingQueue<Partition<R>> queue = new LinkedBlockingQueue<>();
    int count = partitions.getNumPartitions();
    List<Object> indexes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      indexes.add(i);
    }
    Seq<Object> all = CollectionConverters.asScala(indexes).toSeq();
    Function2<TaskContext, scala.collection.Iterator<T>, Partition<R>> onExecutor =
        (Function2<TaskContext, scala.collection.Iterator<T>, Partition<R>> & Serializable)
            (task, elements) -> Partition.of(work, task, CollectionConverters.asJava(elements));
    Function2<Object, Partition<R>, BoxedUnit> onDriver =
        (index, results) -> {
          queue.add(results);
          return BoxedUnit.UNIT;
        };
    String group = "fourierft-" + java.util.UUID.randomUUID();
    RuntimeException[] failure = new RuntimeException[1];
    Partition<R> end = new Partition<>(new ArrayList<>(), "");
    Thread running =
        Thread.ofPlatform()
            .daemon()
            .name("fourierft-spark-job")
            .start(
                () -> {
                  try {
                    spark.setJobGroup(group, "fourierft", true);
                    spark
                        .sc()
                        .runJob(
                            partitions.rdd(),
                            onExecutor,
                            all,
                            onDriver,
                            ClassTag$.MODULE$.apply(Partition.class));
                  } catch (RuntimeException e) {
                    failure[0] = e;
                  } catch (Throwable e) {
                    failure[0] = new SparkJobException(String.valueOf(e.getMessage()), e);
                  } finally {
                    queue.add(end);
                  }
                });
    try {
      while (true) {
        Partition<R> partition = queue.take();
        if (partition == end) {
          break;
        }
        if (!partition.refusal().isEmpty()) {
          throw new SparkJobException(partition.refusal());
        }
        partition.results().forEach(arrived);
      }
      running.join();
    } catch (InterruptedException e) {
      spark.cancelJobGroup(group);
      Thread.currentThread().interrupt();
      throw new SparkJobException("the job was interrupted", e);
    } catch (RuntimeException | Error e) {
      spark.cancelJobGroup(group);
      awaitEnd(running);
      throw e;
    }
    if (failure[0] != null) {
      throw new SparkJobException(String.valueOf(failure[0].getMessage()), failure[0]);
    }
  }

  /** Tasks that were cancelled may still write; they are given a while to end. */
  private static void awaitEnd(Thread running) {
    try {
      running.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * What came of a partition.
   *
   * @param refusal why nothing did; empty unless it was refused
   */
  private record Partition<R extends Serializable>(ArrayList<R> results, String refusal)
      implements Serializable {
    static <T, R extends Serializable> Partition<R> of(
        Work<T, R> work, TaskContext task, Iterator<T> elements) {
      try {
        return new Partition<>(work.run(task, elements), "");
      } catch (FourierException e) {
        return new Partition<>(new ArrayList<>(), String.valueOf(e.getMessage()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** What an executor does with a partition. */
  @FunctionalInterface
  interface Work<T, R extends Serializable> extends Serializable {
    ArrayList<R> run(TaskContext task, Iterator<T> elements) throws IOException;
  }
}
